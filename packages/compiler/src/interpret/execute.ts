import type { PayloadPart, Statement } from '../ir/types.ts';
import { binary, math } from './arithmetic.ts';
import { convert } from './convert.ts';
import { check, evaluate, unsigned } from './evaluate.ts';
import type { Frame, Machine } from './machine.ts';
import { writeScalar } from './memory.ts';
import { philox } from './random.ts';
import { type Value, zeroOf } from './value.ts';

/** How a list of statements ended. */
type Outcome = 'end' | 'break' | 'continue' | 'return';

type Of<K extends Statement['kind']> = Extract<Statement, { kind: K }>;

export function execute(machine: Machine, frame: Frame, body: readonly Statement[]): Outcome {
  for (const statement of body) {
    const outcome = step(machine, frame, statement);
    if (outcome !== 'end') return outcome;
  }
  return 'end';
}

function step(machine: Machine, frame: Frame, s: Statement): Outcome {
  switch (s.kind) {
    case 'let':
      if (s.value === null) delete frame.locals[s.id];
      else frame.locals[s.id] = evaluate(machine, frame, s.value);
      return 'end';
    case 'assign':
      frame.locals[s.id] = evaluate(machine, frame, s.value);
      return 'end';
    case 'store':
      store(machine, frame, s);
      return 'end';
    case 'copy':
      copy(machine, frame, s, machine.memory, machine.baseOf({ base: 'state' }, frame) + s.offset);
      return 'end';
    case 'if':
      return execute(machine, frame, evaluate(machine, frame, s.condition) ? s.then : s.otherwise);
    case 'loop':
      return loop(machine, frame, s);
    case 'break':
    case 'continue':
      return s.kind;
    case 'return':
      if (s.value !== null) frame.result = evaluate(machine, frame, s.value);
      return 'return';
    case 'send':
    case 'reply':
    case 'emit':
      output(machine, frame, s);
      return 'end';
    case 'random':
      frame.locals[s.id] = draw(machine, frame, s.type);
      return 'end';
    case 'parallel':
      return parallel(machine, frame, s);
    case 'reduce':
      frame.locals[s.id] = reduce(machine, frame, s);
      return 'end';
    case 'scan':
      scan(machine, frame, s);
      return 'end';
    case 'fail':
      machine.env.fault(frame.self, s.site, unsigned(evaluate(machine, frame, s.code)));
      return 'return';
  }
}

/** Indices first, then the value, then the check of the indices, then the write. */
function store(machine: Machine, frame: Frame, s: Of<'store'>): void {
  const values = s.place.indices.map((index) => unsigned(evaluate(machine, frame, index.value)));
  const value = evaluate(machine, frame, s.value);
  const offset = check(machine, frame, s.place, values);
  if (offset !== null) writeScalar(machine.viewOf(s.place), offset, s.place.storage, value);
}

/** Copies through a buffer of its own, so that overlapping is no question. */
function copy(
  machine: Machine,
  frame: Frame,
  { from, size }: Pick<Of<'copy'>, 'from' | 'size'>,
  target: DataView,
  targetOffset: number,
): void {
  const source = from.base === 'state' ? machine.memory : machine.arena;
  const start = machine.baseOf(from, frame) + from.offset;
  const bytes = new Uint8Array(source.buffer, start, size).slice();
  new Uint8Array(target.buffer).set(bytes, targetOffset);
}

function loop(machine: Machine, frame: Frame, s: Of<'loop'>): Outcome {
  while (evaluate(machine, frame, s.condition)) {
    const outcome = execute(machine, frame, s.body);
    if (outcome === 'return') return 'return';
    if (outcome === 'break') break;
    execute(machine, frame, s.step);
  }
  return 'end';
}

function parallel(machine: Machine, frame: Frame, s: Of<'parallel'>): Outcome {
  const count = Number(evaluate(machine, frame, s.count));
  for (let i = 0; i < count; i++) {
    frame.locals[s.index] = i;
    if (execute(machine, frame, s.body) === 'return') return 'return';
  }
  return 'end';
}

const lanes = 64;

function reduce(machine: Machine, frame: Frame, s: Of<'reduce'>): Value {
  const combine = (a: Value, b: Value): Value =>
    s.op === 'sum' ? binary('+', s.type, s.type, a, b) : math(s.op, s.type, [a, b]);
  const partial = new Array<Value>(lanes).fill(startOf(s.op, s.type));
  const count = Number(evaluate(machine, frame, s.count));
  for (let i = 0; i < count; i++) {
    frame.locals[s.index] = i;
    execute(machine, frame, s.body);
    const value = evaluate(machine, frame, s.value);
    partial[i % lanes] = combine(partial[i % lanes] as Value, value);
  }
  for (let half = lanes / 2; half >= 1; half /= 2) {
    for (let lane = 0; lane < half; lane++) {
      partial[lane] = combine(partial[lane] as Value, partial[lane + half] as Value);
    }
  }
  return partial[0] as Value;
}

function scan(machine: Machine, frame: Frame, s: Of<'scan'>): void {
  const add = (a: Value, b: Value): Value => binary('+', s.type, s.type, a, b);
  const count = Number(evaluate(machine, frame, s.count));
  let carry = zeroOf(s.type);
  for (let first = 0; first < count; first += lanes) {
    let tile: Value[] = [];
    for (let i = first; i < Math.min(first + lanes, count); i++) {
      frame.locals[s.index] = i;
      execute(machine, frame, s.body);
      tile.push(evaluate(machine, frame, s.value));
    }
    for (let d = 1; d < lanes; d *= 2) {
      const before: readonly Value[] = tile;
      tile = before.map((value, q) => (q < d ? value : add(before[q - d] as Value, value)));
    }
    const sums = tile.map((value) => add(carry, value));
    for (const [q, sum] of sums.entries()) {
      frame.locals[s.index] = first + q;
      frame.locals[s.id] = sum;
      execute(machine, frame, s.then);
    }
    carry = sums.at(-1) as Value;
  }
}

/** What a lane starts with: 0 for a sum, for min the greatest value of the type, for max the least. */
function startOf(op: Of<'reduce'>['op'], type: Of<'reduce'>['type']): Value {
  if (op === 'sum') return zeroOf(type);
  const end = op === 'min' ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
  return type === 'f32' || type === 'f64' ? end : convert('f64', type, end);
}

function draw(machine: Machine, frame: Frame, type: 'u32' | 'f32'): number {
  const { env, memory } = machine;
  const counter = (env.drawsIndex + frame.self * env.drawsStride) * 4;
  const count = memory.getUint32(counter, true);
  memory.setUint32(counter, count + 1, true);
  const bits = philox(env.seed, count, frame.self);
  return type === 'u32' ? bits : Math.floor(bits / 2 ** 8) / 2 ** 24;
}

/** Destination and values are evaluated before room is made; bytes that no part covers are zero. */
function output(machine: Machine, frame: Frame, s: Of<'send' | 'reply' | 'emit'>): void {
  const { env } = machine;
  const { self, header } = frame;
  const to = s.kind === 'send' ? unsigned(evaluate(machine, frame, s.to)) : 0;
  const values = s.payload.map((part) =>
    part.kind === 'scalar' ? evaluate(machine, frame, part.value) : null,
  );
  const offset =
    s.kind === 'send'
      ? env.send(self, header, to, s.message, s.size, s.priority)
      : env[s.kind](self, header, s.message, s.size);
  new Uint8Array(env.arena, offset, s.size).fill(0);
  s.payload.forEach((part: PayloadPart, i) => {
    if (part.kind === 'copy') copy(machine, frame, part, machine.arena, offset + part.offset);
    else writeScalar(machine.arena, offset + part.offset, part.storage, values[i] as Value);
  });
}

/** Runs the handler of one message. */
export function handle(
  machine: Machine,
  handler: { readonly body: readonly Statement[] },
  self: number,
  header: number,
): void {
  execute(machine, { self, header, locals: [], result: null }, handler.body);
}
