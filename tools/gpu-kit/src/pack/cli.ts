import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { mostBytes, pack, sizeOf } from './pack.ts';

const usage = `gpu-kit [--out DIR] [--node FILE]

Packs Node, the built packages, the conformance suite and the benches of the CUDA backend into DIR (gpu-kit by default),
which must be empty. On a Linux machine with an NVIDIA driver, run DIR/run.sh. --node is the binary to pack; it is the
one that runs this by default.`;

const { values } = parseArgs({
  options: {
    out: { type: 'string', default: 'gpu-kit' },
    node: { type: 'string', default: process.execPath },
    help: { type: 'boolean', default: false },
  },
});

function main(): number {
  if (values.help) {
    console.log(usage);
    return 0;
  }
  const folder = resolve(values.out);
  const { commit, changed, node, platform } = pack(folder, values.node);
  const bytes = sizeOf(folder);
  const state = changed ? ' with changes' : '';
  console.log(
    `${folder}: ${(bytes / 1e6).toFixed(1)} MB, ${platform}, node ${node}, ${commit}${state}`,
  );
  if (bytes <= mostBytes) return 0;
  console.error(`a kit should have at most ${mostBytes / 1e6} MB`);
  return 1;
}

process.exitCode = main();
