// Part of `pnpm version`: writes the compiler's own version, which its files carry, from its package.json.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './bootstrap.mjs';

const folder = join(root, 'packages', 'compiler');
const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
const file = join(folder, 'src', 'version.ts');
const text = readFileSync(file, 'utf8');
const line = /(?<=export const compilerVersion = ')[^']+(?=';)/;
if (!line.test(text)) throw new Error(`${file} has no line for the version`);
writeFileSync(file, text.replace(line, version));
console.log(`the compiler's version is ${version}`);
