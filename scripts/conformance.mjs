// `pnpm conformance --backend NAME …`: builds and runs the suite. WebGPU without an adapter runs in software, and says so;
// with `--browser` it is that of a headless Chromium.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { bootstrap, build, root, run, useSwiftShader } from './bootstrap.mjs';

bootstrap();
build();
const args = process.argv.slice(2);
if (args.includes('--browser')) runInBrowser();
else await runHere();

async function runHere() {
  if (args.includes('webgpu') && process.platform === 'linux' && !hasAdapter()) {
    await useSwiftShader();
    console.error('there is no WebGPU adapter here: running in software, on SwiftShader');
  }
  // What runtimes add, on this backend, too.
  const suite = join(root, 'packages', 'runtime', 'dist', 'suite', 'index.js');
  const cli = join('packages', 'conformance', 'dist', 'cli.js');
  run(process.execPath, [cli, '--suite', suite, ...args]);
}

function runInBrowser() {
  if (!args.includes('webgpu')) {
    console.error('--browser is for --backend webgpu');
    process.exit(2);
  }
  const rest = args.filter((arg) => !['--backend', 'webgpu', '--browser'].includes(arg));
  run(process.execPath, [join('packages', 'examples', 'dist', 'conformance.js'), ...rest]);
}

/** Asked in another process, which Dawn can't take down with this one. */
function hasAdapter() {
  const program = `import { backend } from '@ringkernel/backend-webgpu';
    process.exit((await backend.probe()).available ? 0 : 1);`;
  const options = { cwd: root, stdio: 'ignore' };
  return spawnSync(process.execPath, ['--input-type=module', '-e', program], options).status === 0;
}
