#!/usr/bin/env node
import { writeFileSync } from 'node:fs';
import { dirname, isAbsolute, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import type { AnyActor } from '@ringkernel/core';
import { checkActor } from '../compile.ts';
import { formatDiagnostic } from '../diagnostics/index.ts';
import { compileModule } from './compile-module.ts';

const usage = `ringkernel-compile MODULE -o FILE

Imports a module, compiles the actors that it exports, and writes them to a file that createRuntime({ compiled: FILE })
uses while they are as they were. Compile the module that will run: of minified code, the minified.`;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: { output: { type: 'string', short: 'o' }, help: { type: 'boolean', default: false } },
    allowPositionals: true,
  });
  const [module, ...more] = positionals;
  const { output, help } = values;
  if (help || module === undefined || more.length > 0 || output === undefined) {
    console.log(usage);
    return help ? 0 : 2;
  }
  const exports: Record<string, unknown> = await import(pathToFileURL(resolve(module)).href);
  const problems = Object.values(exports)
    .filter((value) => Object(value).kind === 'actor')
    .flatMap((definition) => checkActor(definition as AnyActor));
  if (problems.length > 0) {
    console.error(problems.map(formatDiagnostic).join('\n\n'));
    return 1;
  }
  const folder = dirname(resolve(output));
  const file = compileModule(exports, (path) => {
    return isAbsolute(path) ? relative(folder, path) : path;
  });
  writeFileSync(output, `${JSON.stringify(file)}\n`);
  const names = file.actors.map(({ name, texts }) => `${name} (${Object.keys(texts).join(', ')})`);
  console.log(`${output}: ${names.join(', ')}`);
  return 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 2;
}
