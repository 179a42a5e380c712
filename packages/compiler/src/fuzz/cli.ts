import { parseArgs } from 'node:util';
import { emitJavaScript } from '../js/index.ts';
import { cudaTarget, cudaTargets } from './cuda-target.ts';
import { Dawn } from './dawn.ts';
import { HostCompiler } from './host-compiler.ts';
import { runFuzz } from './run.ts';
import { type FuzzTarget, fuzzTargets, optimizedTarget } from './targets.ts';
import { wgslTarget } from './wgsl-target.ts';

/**
 * `fuzz --seed N --count M [--targets js,wasm,wgsl,wgsl-workgroup,cuda,cuda-warp,cuda-block] [--integers] [--json]`:
 * random programs on the targets against the interpreter. WGSL refuses programs with floats; `--integers` makes none.
 * The CUDA text is compiled by g++: for a thread, a warp of 32 lanes, a block of 128. With `-optimized` behind its name a
 * target runs what the optimiser makes of a program.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string', default: '1' },
      count: { type: 'string', default: '1000' },
      targets: { type: 'string', default: 'js,js-optimized' },
      integers: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  });
  const seed = whole(values.seed, 'seed');
  const count = whole(values.count, 'count');
  const names = values.targets.split(',');
  const dawn = names.some((name) => name.startsWith('wgsl'))
    ? opened('wgsl', await Dawn.open())
    : null;
  const compiler = names.map(bareName).some(isCuda)
    ? opened('cuda', await HostCompiler.open())
    : null;
  const report = await runFuzz({
    seed,
    count,
    floats: !values.integers,
    targets: names.map((name) => targetOf(name, dawn, compiler)),
    onProgress: (done) => {
      if (done % 1000 === 0) console.error(`${done} programs`);
    },
  });
  dawn?.close();
  await compiler?.close();
  for (const { seed: own, target, expected, found, module } of report.differences) {
    console.error(`seed ${own}: ${target} differs\n  expected ${expected}\n  found    ${found}`);
    console.error(emitJavaScript(module));
  }
  for (const [name, { run, different, refused }] of Object.entries(report.targets)) {
    console.log(`${name}: ${run} programs, ${different} different, ${refused} refused`);
  }
  if (values.json) {
    const differences = report.differences.map(({ module: _, ...rest }) => rest);
    console.log(JSON.stringify({ ...report, differences }));
  }
  if (report.differences.length > 0) process.exitCode = 1;
}

/** Of the target that an optimised one runs on. */
const bareName = (name: string): string => name.replace(/-optimized$/u, '');

const isCuda = (name: string): name is keyof typeof cudaTargets => Object.hasOwn(cudaTargets, name);

function opened<T>(name: string, engine: T | string): T {
  if (typeof engine !== 'string') return engine;
  console.error(`${name} cannot run here: ${engine}`);
  process.exit(2);
}

function targetOf(name: string, dawn: Dawn | null, compiler: HostCompiler | null): FuzzTarget {
  const bare = bareName(name);
  if (bare !== name) return optimizedTarget(targetOf(bare, dawn, compiler));
  if (name === 'wgsl' && dawn !== null) return wgslTarget(dawn);
  if (name === 'wgsl-workgroup' && dawn !== null) return wgslTarget(dawn, 'workgroup');
  if (isCuda(name) && compiler !== null) return cudaTarget(compiler, name);
  const target = fuzzTargets.find((candidate) => candidate.name === name);
  if (target !== undefined) return target;
  const own = fuzzTargets.map((candidate) => candidate.name).filter((one) => !one.includes('-'));
  const known = [...own, 'wgsl', 'wgsl-workgroup', ...Object.keys(cudaTargets)].join(', ');
  console.error(`--targets must be of ${known}, or one of these and -optimized, not ${name}`);
  process.exit(2);
}

function whole(text: string, name: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 0 && value < 2 ** 32) return value;
  console.error(`--${name} must be a whole number from 0 to 4294967295, not ${text}`);
  process.exit(2);
}

await main();
