#!/usr/bin/env node
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import type { AnyActor } from '@ringkernel/core';
import { versionOf } from './image-cache.ts';
import { writePtx } from './ship.ts';

const usage = `ringkernel-ptx MODULE -o FOLDER [--architectures 75,90] [--options JSON]

Imports a module and compiles the actors that it exports to PTX, with nvcc or clang. The runtime takes it with
backendOptions: { ptxFolder: FOLDER } where there is no compiler. --options are the other backendOptions it will have.`;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: {
      output: { type: 'string', short: 'o' },
      architectures: { type: 'string', default: '75' },
      options: { type: 'string', default: '{}' },
      help: { type: 'boolean', default: false },
    },
    allowPositionals: true,
  });
  const [module, ...more] = positionals;
  const { output: folder, help } = values;
  if (help || module === undefined || more.length > 0 || folder === undefined) {
    console.log(usage);
    return help ? 0 : 2;
  }
  const { compile } = await import('@ringkernel/compiler');
  const exports: Record<string, unknown> = await import(pathToFileURL(resolve(module)).href);
  const actors = Object.values(exports).filter((value) => Object(value).kind === 'actor');
  const written = await writePtx(
    actors.map((definition) => compile(definition as AnyActor)),
    {
      folder,
      architectures: values.architectures.split(',').map(Number),
      backendOptions: JSON.parse(values.options),
    },
  );
  for (const { program, architecture, from } of written) {
    console.log(`${program} for compute capability ${versionOf(architecture)}, by ${from}`);
  }
  return 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 2;
}
