import type {
  BinaryOperator,
  Expression,
  IrFunction,
  MathFunction,
  Module,
  PayloadPart,
  Place,
  PlaceIndex,
  Statement,
  ValueType,
} from '../ir/types.ts';
import {
  type Decode,
  DecodeError,
  flag,
  list,
  nullable,
  object,
  oneOf,
  text,
  variants,
  word,
} from './decode.ts';

/** What of a module is in a file; the schemas come from the definition. */
export type ModuleBody = Omit<Module, 'name' | 'state' | 'messages' | 'emits'>;

/** The names of a union of strings. A missing one does not compile. */
function namesOf<T extends string>(names: Readonly<Record<T, true>>): Decode<T> {
  return oneOf(...(Object.keys(names) as T[]));
}

const valueTypes = { bool: true, i32: true, u32: true, f32: true, f64: true } as const;
const type: Decode<ValueType> = namesOf<ValueType>({ ...valueTypes, i64: true, u64: true });
const narrow = { i8: true, u8: true, i16: true, u16: true } as const;
const storage: Decode<Place['storage']> = namesOf<Place['storage']>({
  ...valueTypes,
  ...narrow,
  i64: true,
  u64: true,
});

const math: Decode<MathFunction> = namesOf<MathFunction>({
  ...{ abs: true, min: true, max: true, clz: true, mulhi: true, rotl: true, floor: true },
  ...{ ceil: true, trunc: true, sqrt: true, sin: true, cos: true, tan: true, exp: true },
  ...{ exp2: true, log: true, log2: true, tanh: true, atan2: true, pow: true },
});

const binary: Decode<BinaryOperator> = namesOf<BinaryOperator>({
  ...{ '+': true, '-': true, '*': true, '/': true, '%': true, '&': true, '|': true, '^': true },
  ...{ '<<': true, '>>': true, '<': true, '<=': true, '>': true, '>=': true },
  ...{ '==': true, '!=': true, '&&': true, '||': true },
});

/** Numbers that JSON does not have. */
const oddNumbers: readonly unknown[] = ['-0', 'NaN', 'Infinity', '-Infinity'];

/** A number, boolean or bigint; `encodeValue` writes as a string what JSON does not have. */
const scalar: Decode<number | bigint | boolean> = (value, at) => {
  if (typeof value === 'number' || typeof value === 'boolean') return value;
  if (oddNumbers.includes(value)) return Number(value);
  if (typeof value === 'string' && /^-?\d{1,20}n$/.test(value)) return BigInt(value.slice(0, -1));
  throw new DecodeError(at, 'a number, a boolean or a bigint as "1n"', value);
};

export function encodeValue(value: unknown): unknown {
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value !== 'number') return value;
  if (Object.is(value, -0)) return '-0';
  return Number.isFinite(value) ? value : String(value);
}

const numeric: Decode<number | bigint> = (value, at) => {
  const found = scalar(value, at);
  if (typeof found !== 'boolean') return found;
  throw new DecodeError(at, 'a number or a bigint', value);
};

const kind = <const K extends string>(...kinds: readonly K[]) => ({ kind: oneOf(...kinds) });

// Shapes that contain each other, so they are looked up when they are needed.
const expression: Decode<Expression> = (value, at) => expressions(value, at);
const statements: Decode<Statement[]> = (value, at) => list(statement)(value, at);

const index: Decode<PlaceIndex> = object({
  value: expression,
  stride: word,
  length: word,
  safe: flag,
  site: word,
});

const place: Decode<Place> = object(
  {
    base: oneOf('state', 'message', 'table'),
    path: list(text),
    storage,
    offset: word,
    indices: list(index),
  },
  { table: word },
);

const address = object({ ...kind('self', 'sender', 'index', 'instances'), type: oneOf('u32') });

const expressionShapes: Readonly<Record<Expression['kind'], Decode<Expression>>> = {
  const: object({ ...kind('const'), type, value: scalar }),
  local: object({ ...kind('local'), type, id: word }),
  load: object({ ...kind('load'), type, place }),
  self: address,
  sender: address,
  index: address,
  instances: address,
  at: object({ ...kind('at'), type: oneOf('u32'), index: expression }),
  now: object({ ...kind('now'), type: oneOf('u64') }),
  binary: object({ ...kind('binary'), type, op: binary, left: expression, right: expression }),
  unary: object({ ...kind('unary'), type, op: oneOf('-', '!', '~'), operand: expression }),
  select: object({
    ...kind('select'),
    type,
    condition: expression,
    whenTrue: expression,
    whenFalse: expression,
  }),
  convert: object({ ...kind('convert'), type, operand: expression }),
  math: object({ ...kind('math'), type, fn: math, args: list(expression) }),
  call: object({ ...kind('call'), type, fn: word, args: list(expression) }),
};
const expressions = variants('kind', expressionShapes);

const from = object({ base: oneOf('state', 'message'), offset: word });
const payload: Decode<PayloadPart[]> = list(
  variants<PayloadPart>('kind', {
    scalar: object({ ...kind('scalar'), offset: word, storage, value: expression }),
    copy: object({ ...kind('copy'), offset: word, size: word, from }),
  }),
);
const output = { message: word, size: word, payload };
const section = { count: expression, index: word, body: statements };
const where = { location: object({ line: word, column: word }) };
const jump = object(kind('break', 'continue'), where);

const statementShapes: Readonly<Record<Statement['kind'], Decode<Statement>>> = {
  let: object({ ...kind('let'), id: word, value: nullable(expression) }, where),
  assign: object({ ...kind('assign'), id: word, value: expression }, where),
  store: object(
    { ...kind('store'), place, value: expression },
    { ...where, merge: oneOf('+', '&', '|', '^') },
  ),
  copy: object({ ...kind('copy'), offset: word, size: word, from }, where),
  if: object(
    { ...kind('if'), condition: expression, then: statements, otherwise: statements },
    where,
  ),
  loop: object(
    { ...kind('loop'), condition: expression, body: statements, step: statements },
    where,
  ),
  break: jump,
  continue: jump,
  return: object({ ...kind('return'), value: nullable(expression) }, where),
  send: object({ ...kind('send'), to: expression, priority: oneOf(0, 1, 2, 3), ...output }, where),
  reply: object({ ...kind('reply'), ...output }, where),
  emit: object({ ...kind('emit'), ...output }, where),
  random: object({ ...kind('random'), id: word, type: oneOf('u32', 'f32') }, where),
  parallel: object({ ...kind('parallel'), ...section }, where),
  reduce: object(
    {
      ...kind('reduce'),
      op: oneOf('sum', 'min', 'max'),
      id: word,
      type,
      value: expression,
      ...section,
    },
    where,
  ),
  scan: object(
    { ...kind('scan'), id: word, type, value: expression, ...section, then: statements },
    where,
  ),
  fail: object({ ...kind('fail'), code: expression, site: word }, where),
};
const statement = variants('kind', statementShapes);

const fn: Decode<IrFunction> = object({
  name: text,
  parameters: list(word),
  result: nullable(type),
  locals: list(object({ id: word, name: text, type })),
  body: statements,
});

/** The part of a module that a file holds. Whether it makes sense is for `validateModule` to say. */
export const moduleBody: Decode<ModuleBody> = object({
  handlers: list(fn),
  functions: list(fn),
  tables: list(object({ name: text, storage, values: list(numeric) })),
  sites: list(object({ code: text, at: text })),
  requires: list(text),
});
