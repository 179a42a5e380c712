import { type AnyActor, InvalidOptionError } from '@ringkernel/core';
import { compile, readsOf } from '../compile.ts';
import { formatPosition } from '../diagnostics/index.ts';
import { locateSite } from '../image.ts';
import type { FaultSite } from '../ir/types.ts';
import { compilerVersion } from '../version.ts';
import { textFingerprint, valueFingerprint } from './fingerprint.ts';
import {
  type CompiledActor,
  type CompiledActors,
  contentFingerprint,
  fileFormat,
  handlersOf,
  type OutsideValue,
  schemaFingerprint,
} from './format.ts';
import { encodeValue } from './module-shape.ts';
import { positionsOf } from './positions.ts';
import { emitTexts } from './targets.ts';

/**
 * Compiles all actors that a module exports, ahead of time: `import * as actors from './actors.js'`, and write
 * `JSON.stringify(compileModule(actors))` to a file for `createRuntime({ compiled })`. Where statements are is looked up
 * now; `shorten` may make the path of a file (`/home/me/app/actors.js`) one that counts from the folder of the output. Throws `CompileError` for the first
 * actor that does not compile, and `InvalidOptionError` where no actor is exported, or two have one name.
 */
export function compileModule(
  exports: Readonly<Record<string, unknown>>,
  shorten: (file: string) => string = (file) => file,
): CompiledActors {
  const actors = actorsIn(exports).map((definition) => compileAhead(definition, shorten));
  return { format: fileFormat, compiler: compilerVersion, actors };
}

function actorsIn(exports: Readonly<Record<string, unknown>>): AnyActor[] {
  const found = new Map<string, AnyActor>();
  for (const value of Object.values(exports)) {
    if (Object(value).kind !== 'actor') continue;
    const definition = value as AnyActor;
    const other = found.get(definition.name);
    if (other !== undefined && other !== definition) {
      throw new InvalidOptionError('exports', 'actors whose names differ', definition.name);
    }
    found.set(definition.name, definition);
  }
  if (found.size > 0) return [...found.values()];
  const names = Object.keys(exports).join(', ');
  throw new InvalidOptionError('exports', 'a module that exports actors', names || 'no exports');
}

function compileAhead(definition: AnyActor, shorten: (file: string) => string): CompiledActor {
  const image = compile(definition);
  const { handlers, functions, tables, sites, requires } = image.program.module;
  const placed = sites.map(({ code, at }, i): FaultSite => {
    const found = locateSite(image, i);
    if (found === null || found.file === null) return { code, at };
    return { code, at: formatPosition({ ...found, file: shorten(found.file) }) };
  });
  const body = { handlers, functions, tables, sites: placed, requires };
  const encoded = JSON.parse(JSON.stringify(body, (_, value) => encodeValue(value)));
  const texts = emitTexts(image.program.module);
  const actor = {
    name: definition.name,
    schema: schemaFingerprint(definition),
    handlers: handlersOf(definition).map((fn) => textFingerprint(String(fn))),
    outside: outsideOf(definition),
    content: '',
    module: encoded,
    positions: positionsOf(image, shorten),
    texts,
  };
  return { ...actor, content: contentFingerprint(actor) };
}

/** What the functions read, each function by the number it has in the file: a helper was read before it reads. */
function outsideOf(definition: AnyActor): OutsideValue[] {
  const numbers = new Map<unknown, number>();
  const number = (fn: unknown, n: number): void => {
    if (typeof fn === 'function' && !numbers.has(fn)) numbers.set(fn, n);
  };
  const handlers = handlersOf(definition);
  handlers.forEach(number);
  return readsOf(definition).map(({ owner, path, value }, i) => {
    number(value, handlers.length + i);
    return { of: numbers.get(owner) as number, path, is: valueFingerprint(value) };
  });
}
