import { InvalidOptionError } from '@ringkernel/core';
import { type Leaf, leavesOf } from '../ir/leaves.ts';
import type { Expression, IrFunction, Place, Statement, Storage, ValueType } from '../ir/types.ts';
import { identifier } from '../text/identifier.ts';
import { noRoom, outputKind } from './abi.ts';
import { functionText } from './function.ts';
import type { ModuleText } from './function-text.ts';
import { libraryNames } from './library.ts';
import { accessOf, guarded, writeText } from './place.ts';

/** WGSL that stands for compiled handlers: the body of a function, by the index of its message. */
export type HandWritten = ReadonlyMap<number, string>;

/** A function that such a body may call, and how its text is made. */
type Offer = readonly [name: string, write: (name: string) => string];

/** The handler's text. Its marks tell which of the lines are the user's own: `placeOfLine` looks for them. */
export function handlerByHand(name: string, message: string, body: string): string {
  const count = body.split('\n').length;
  const begin = `// by hand: ${identifier(message)}, ${count} lines`;
  return [`fn ${name}() {`, begin, body, '}', '// by hand: end', ''].join('\n');
}

/** The functions that the bodies name, of those that there are for this module. Adds what they need to the library. */
export function functionsByHand(program: ModuleText, bodies: HandWritten): string[] {
  const words = new Set([...bodies.values()].flatMap((body) => body.match(/\w+/gu) ?? []));
  for (const name of libraryNames(program.form)) if (words.has(name)) program.library.add(name);
  const texts = new Map<string, string>();
  for (const [name, write] of offers(program, bodies)) {
    if (!words.has(name)) continue;
    if (texts.has(name)) {
      const wanted = 'without names that two fields have once their path is joined by _';
      throw new InvalidOptionError('handlers', wanted, name);
    }
    texts.set(name, write(name));
  }
  return [...texts.values()];
}

function offers(program: ModuleText, bodies: HandWritten): Offer[] {
  const { state, messages, emits } = program.module;
  return [
    ...contextOffers(program),
    ...leavesOf(state).flatMap((leaf) => [
      readOffer(program, 'state', 'state', leaf),
      storeOffer(program, leaf),
    ]),
    ...messages.flatMap(({ name, id, layout, reply }, i) => [
      ...(bodies.has(i)
        ? leavesOf(layout).map((leaf) =>
            readOffer(program, 'message', `message_${identifier(name)}`, leaf),
          )
        : []),
      ...outputOffers(program, 'send', name, { id, layout }),
      ...(reply === undefined ? [] : outputOffers(program, 'reply', name, reply)),
    ]),
    ...emits.flatMap((event) => outputOffers(program, 'emit', event.name, event)),
  ];
}

/** What `ctx` has, under the same names. */
function contextOffers(program: ModuleText): Offer[] {
  const value = (name: string, e: Expression, parameters: readonly ValueType[] = []): Offer => [
    `ctx_${name}`,
    (called) => functionText(program, declare(parameters, e.type, [give(e)]), called),
  ];
  const drawn = (name: string, type: 'u32' | 'f32'): Offer => [
    `ctx_${name}`,
    (called) => {
      const body: Statement[] = [
        { kind: 'random', id: 0, type },
        give({ kind: 'local', type, id: 0 }),
      ];
      const fn = { ...declare([], type, body), locals: [{ id: 0, name: 'drawn', type }] };
      return functionText(program, fn, called);
    },
  ];
  const fail: Statement = { kind: 'fail', code: local(0), site: 0 };
  return [
    value('self', { kind: 'self', type: 'u32' }),
    value('sender', { kind: 'sender', type: 'u32' }),
    value('index', { kind: 'index', type: 'u32' }),
    value('instances', { kind: 'instances', type: 'u32' }),
    value('now', { kind: 'now', type: 'u64' }),
    value('at', { kind: 'at', type: 'u32', index: local(0) }, ['u32']),
    drawn('random', 'f32'),
    drawn('randomU32', 'u32'),
    ['ctx_fail', (name) => functionText(program, declare(['u32'], null, [fail]), name)],
    ['ctx_send', sendText],
    ['set_send', setWordText],
  ];
}

/** A message of any actor, by its type. */
function sendText(name: string): string {
  return `fn ${name}(to: u32, message: u32, priority: u32, bytes: u32) -> u32 {
  return rk_open(${outputKind.send}u, message, to, min(priority, 3u), bytes);
}
`;
}

/** A word of its payload, whose bytes are in its header. */
function setWordText(name: string): string {
  return `fn ${name}(out: u32, word: u32, value: u32) {
  if (out != ${noRoom}u && word * 4u < rk_memory[out - 14u]) { rk_memory[out + word] = value; }
}
`;
}

/** `state_xs(i)`: of an index out of range it is 0 and a fault. */
function readOffer(
  program: ModuleText,
  base: 'state' | 'message',
  prefix: string,
  leaf: Leaf,
): Offer {
  const { dimensions } = leaf;
  const storage = storageOf(leaf);
  return [
    [prefix, pathOf(leaf)].join('_'),
    (name) => {
      const type = typeOf(storage);
      const e: Expression = { kind: 'load', type, place: placeOf(leaf, base, 0) };
      const parameters = dimensions.map((): ValueType => 'u32');
      return functionText(program, declare(parameters, type, [give(e)]), name);
    },
  ];
}

/** `set_state_xs(i, value)`: with an index out of range it does nothing and is a fault. */
function storeOffer(program: ModuleText, leaf: Leaf): Offer {
  const { dimensions } = leaf;
  return [
    `set_state_${pathOf(leaf)}`,
    (name) => {
      const type = typeOf(storageOf(leaf));
      const value: Expression = { kind: 'local', type, id: dimensions.length };
      const store: Statement = { kind: 'store', place: placeOf(leaf, 'state', 0), value };
      const parameters = [...dimensions.map((): ValueType => 'u32'), type];
      return functionText(program, declare(parameters, null, [store]), name);
    },
  ];
}

/** `ctx_emit_Full()` begins an output, and `set_emit_Full_value(out, value)` writes a field of it. */
function outputOffers(
  program: ModuleText,
  kind: keyof typeof outputKind,
  message: string,
  { id, layout }: { readonly id: number; readonly layout: Parameters<typeof leavesOf>[0] },
): Offer[] {
  const name = `${kind}_${identifier(message)}`;
  const parameters = kind === 'send' ? 'to: u32, priority: u32' : '';
  const to = kind === 'send' ? 'to, min(priority, 3u)' : '0u, 0u';
  const open = `rk_open(${outputKind[kind]}u, ${id >>> 0}u, ${to}, ${layout.size}u)`;
  return [
    [`ctx_${name}`, (called) => `fn ${called}(${parameters}) -> u32 { return ${open}; }\n`],
    ...leavesOf(layout).map(
      (leaf): Offer => [
        `set_${name}_${pathOf(leaf)}`,
        (called) => outputSetter(program, leaf, called),
      ],
    ),
  ];
}

/** Writes nothing into an output for which there was no room. */
function outputSetter(program: ModuleText, leaf: Leaf, name: string): string {
  const storage = storageOf(leaf);
  const indices = leaf.dimensions.map((): ValueType => 'u32');
  const fn = declare(['u32', ...indices, typeOf(storage)], null, []);
  return functionText(program, fn, name, (text) => {
    const access = accessOf(text, placeOf(leaf, 'message', 1));
    const value = text.local(1 + indices.length);
    text.line(`if (${text.local(0)} == ${noRoom}u) { return; }`);
    guarded(text, access, writeText(text, 'memory', text.local(0), storage, access.at, value));
  });
}

function pathOf({ path }: Leaf): string {
  return path
    .filter((part) => part !== '[]')
    .map(identifier)
    .join('_');
}

/** There is no f64: it is its two words. */
function storageOf({ storage }: Leaf): Storage {
  return storage === 'f64' ? 'u64' : storage;
}

function typeOf(storage: Storage): ValueType {
  if (storage === 'u8' || storage === 'u16') return 'u32';
  return storage === 'i8' || storage === 'i16' ? 'i32' : storage;
}

/** The scalar, with the parameters from this one on as its indices. */
function placeOf(leaf: Leaf, base: 'state' | 'message', first: number): Place {
  const { path, offset, dimensions } = leaf;
  const indices = dimensions.map((dimension, i) => ({
    ...dimension,
    value: local(first + i),
    safe: false,
    site: 0,
  }));
  return { base, path, storage: storageOf(leaf), offset, indices };
}

function local(id: number): Expression {
  return { kind: 'local', type: 'u32', id };
}

function give(value: Expression): Statement {
  return { kind: 'return', value };
}

function declare(
  parameters: readonly ValueType[],
  result: ValueType | null,
  body: readonly Statement[],
): IrFunction {
  const locals = parameters.map((type, id) => ({ id, name: 'p', type }));
  return { name: 'byHand', parameters: locals.map(({ id }) => id), result, locals, body };
}
