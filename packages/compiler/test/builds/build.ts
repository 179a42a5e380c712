import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { report } from './report.ts';

export const root: string = fileURLToPath(new URL('../..', import.meta.url));
export const main: string = join(root, 'test/builds/main.ts');
/** Where built programs go: inside this package, so that they find the packages they import. */
export const bundles: string = join(root, 'build/bundles');

const require = createRequire(import.meta.url);

/** Runs a built program in a Node of its own. */
export function run(file: string, ...flags: string[]): ReturnType<typeof report> {
  const text = execFileSync(process.execPath, [...flags, file], {
    encoding: 'utf8',
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return JSON.parse(text);
}

/** A file of an installed package. */
export function script(package_: string, path: string): string {
  return join(dirname(require.resolve(`${package_}/package.json`)), path);
}
