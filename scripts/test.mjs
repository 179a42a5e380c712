// `npm test`: sets everything up, runs each package's suite through turbo and adds up the counts.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bootstrap, env, root } from './bootstrap.mjs';

bootstrap();
const turbo = join(root, 'node_modules', '.bin', 'turbo');
const args = ['run', 'test', '--continue', '--concurrency=1', ...process.argv.slice(2)];
const { status } = spawnSync(turbo, args, { cwd: root, env, stdio: 'inherit' });

const total = { passed: 0, failed: 0, skipped: 0 };
let missing = 0;
for (const group of ['packages', 'tools']) {
  for (const name of readdirSync(join(root, group))) {
    const manifest = join(root, group, name, 'package.json');
    if (!existsSync(manifest)) continue;
    if (!JSON.parse(readFileSync(manifest, 'utf8')).scripts?.test) continue;
    const file = join(root, group, name, 'build', 'test-summary.json');
    if (!existsSync(file)) {
      console.error(`${group}/${name} left no test summary`);
      missing++;
      continue;
    }
    const summary = JSON.parse(readFileSync(file, 'utf8'));
    for (const key of Object.keys(total)) total[key] += summary[key];
    // Once more at the end: what failed scrolled away long ago, and a log is often cut at the front.
    for (const failure of summary.failures) console.error(`FAILED ${group}/${name}/${failure}`);
  }
}
const failed =
  total.failed + missing + (status !== 0 && total.failed === 0 && missing === 0 ? 1 : 0);
console.log(`${total.passed} passed, ${failed} failed, ${total.skipped} skipped`);
process.exit(failed > 0 || status !== 0 ? 1 : 0);
