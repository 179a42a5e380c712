// `pnpm test:matrix [22 24 …]`: every suite again on other Node versions, which come from npm as packages.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { env, root } from './bootstrap.mjs';

const versions = process.argv.length > 2 ? process.argv.slice(2) : ['20', '22', '24'];

/** Installs one major version of Node under .tools and returns the folder of its binary. */
function nodeFolder(version) {
  const prefix = join(root, '.tools', `node-${version}`);
  const name = `node-${process.platform}-${process.arch}`;
  const binary = join(prefix, 'node_modules', name, 'bin', 'node');
  if (!existsSync(binary)) {
    const args = [
      'install',
      '--prefix',
      prefix,
      '--no-save',
      '--no-package-lock',
      '--loglevel=error',
    ];
    execFileSync('npm', [...args, `${name}@${version}`], { stdio: ['ignore', 2, 2] });
  }
  return dirname(binary);
}

const failed = [];
for (const version of versions) {
  const PATH = `${nodeFolder(version)}:${env.PATH}`;
  const found = execFileSync('node', ['--version'], {
    env: { ...env, PATH },
    encoding: 'utf8',
  }).trim();
  console.log(`\n== Node ${found}`);
  const args = [
    'run',
    'test',
    '--force',
    '--continue',
    '--concurrency=1',
    '--output-logs=new-only',
  ];
  const { status } = spawnSync(join(root, 'node_modules', '.bin', 'turbo'), args, {
    cwd: root,
    env: { ...env, PATH },
    stdio: 'inherit',
  });
  if (status !== 0) failed.push(found);
}
console.log(
  failed.length === 0 ? `passed on Node ${versions.join(', ')}` : `failed on ${failed.join(', ')}`,
);
process.exit(failed.length === 0 ? 0 : 1);
