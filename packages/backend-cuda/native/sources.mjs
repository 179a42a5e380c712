// The number of the addon's sources. CMake builds it into the addon, and the host refuses an addon with another one
// than its own: an old build would take arguments for others than they are. `--write` renews the host's.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

const names = readdirSync(new URL('.', import.meta.url)).filter((name) =>
  /\.(?:cc|h)$/u.test(name),
);
const hash = createHash('sha256');
for (const name of names.sort()) {
  const text = readFileSync(new URL(name, import.meta.url), 'utf8');
  hash.update(`${name} ${text.length}\n${text}`);
}
const sources = hash.digest('hex').slice(0, 16);

if (process.argv.includes('--write')) {
  const text = `/** Number of the addon's sources, written by native/sources.mjs. */
export const addonSources = '${sources}';
`;
  writeFileSync(new URL('../src/native/sources.ts', import.meta.url), text);
} else {
  process.stdout.write(sources);
}
