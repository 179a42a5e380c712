// Imports go one way: core <- compiler <- backends <- runtime <- examples. Never up, never sideways between backends.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { root } from './bootstrap.mjs';

const backends = ['backend-cpu', 'backend-webgpu', 'backend-cuda'];
/** What each package's sources may import. Backends reach the runtime only by dynamic import of a name it was given. */
const mayImport = {
  core: [],
  compiler: ['core'],
  'backend-cpu': ['core', 'compiler'],
  'backend-webgpu': ['core', 'compiler'],
  'backend-cuda': ['core', 'compiler'],
  conformance: ['core', 'compiler'],
  runtime: ['core', 'compiler'],
  examples: ['compiler', 'runtime', 'conformance', 'chromium', ...backends],
};

function* sources(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* sources(path);
    else if (entry.name.endsWith('.ts')) yield path;
  }
}

const wrong = [];
for (const [name, allowed] of Object.entries(mayImport)) {
  const folder = join(root, 'packages', name, 'src');
  if (!existsSync(folder)) continue;
  for (const file of sources(folder)) {
    const text = readFileSync(file, 'utf8');
    for (const [, target] of text.matchAll(/(?:from|import)\s*\(?\s*['"]@ringkernel\/([\w-]+)/g)) {
      if (!allowed.includes(target))
        wrong.push(`${relative(root, file)} imports @ringkernel/${target}`);
    }
  }
}
for (const line of wrong) console.error(line);
if (wrong.length > 0) process.exit(1);
console.log(`${Object.keys(mayImport).length} packages keep the direction`);
