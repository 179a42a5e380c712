// `pnpm check`: everything that is checked without running the product.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { bootstrap, build, env, root } from './bootstrap.mjs';

bootstrap();
build();

const bin = (name) => join(root, 'node_modules', '.bin', name);
const steps = [
  ['format and lint', bin('biome'), ['ci', '.']],
  ['import direction', process.execPath, ['scripts/check-imports.mjs']],
  ['types of tests', bin('turbo'), ['run', 'check', '--output-logs=errors-only']],
  ['dead code', bin('knip'), []],
  ['packed packages', process.execPath, ['scripts/check-packed.mjs']],
];

const failed = [];
for (const [name, command, args] of steps) {
  console.log(`\n== ${name}`);
  const { status } = spawnSync(command, args, { cwd: root, env, stdio: 'inherit' });
  if (status !== 0) failed.push(name);
}
if (failed.length > 0) {
  console.error(`\nfailed: ${failed.join(', ')}`);
  process.exit(1);
}
