// Packs each public package and checks the tarball as npm users will get it: publint for the manifest, attw for the types.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { env, root } from './bootstrap.mjs';

const out = mkdtempSync(join(tmpdir(), 'ringkernel-pack-'));
let failed = 0;
try {
  for (const name of readdirSync(join(root, 'packages'))) {
    const folder = join(root, 'packages', name);
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    if (manifest.private) continue;
    execFileSync('pnpm', ['pack', '--pack-destination', out], { cwd: folder, env, stdio: 'pipe' });
    const tarball = join(out, `ringkernel-${name}-${manifest.version}.tgz`);
    for (const [tool, args] of [
      ['publint', ['run', tarball, '--strict']],
      ['attw', [tarball, '--profile', 'esm-only', '--format', 'ascii']],
    ]) {
      const result = spawnSync(join(root, 'node_modules', '.bin', tool), args, {
        env,
        encoding: 'utf8',
      });
      if (result.status === 0) continue;
      failed++;
      console.error(`${tool} on ${name}:\n${result.stdout}${result.stderr}`);
    }
    console.log(`${manifest.name} is packed right`);
  }
} finally {
  rmSync(out, { recursive: true, force: true });
}
if (failed > 0) process.exit(1);
