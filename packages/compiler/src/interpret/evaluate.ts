import type { Expression, Place } from '../ir/types.ts';
import { binary, math, unary } from './arithmetic.ts';
import { convert } from './convert.ts';
import { execute } from './execute.ts';
import type { Frame, Machine } from './machine.ts';
import { readScalar } from './memory.ts';
import { type Value, zeroOf } from './value.ts';

/** Nobody's address: what is sent there is dead-lettered as `not-found`. */
const nobody = 0xffffffff;

export function evaluate(machine: Machine, frame: Frame, expression: Expression): Value {
  const of = (e: Expression): Value => evaluate(machine, frame, e);
  const { env } = machine;
  switch (expression.kind) {
    case 'const': {
      const { type, value } = expression;
      return type === 'f32' ? Math.fround(Number(value)) : value;
    }
    case 'local':
      return frame.locals[expression.id] ?? zeroOf(expression.type);
    case 'load':
      return load(machine, frame, expression.place, zeroOf(expression.type));
    case 'self':
      return env.baseAddress + frame.self;
    case 'sender':
      return machine.arena.getUint32(frame.header + 48, true);
    case 'index':
      return frame.self;
    case 'instances':
      return env.instances;
    case 'at': {
      const index = unsigned(of(expression.index));
      return index < env.instances ? env.baseAddress + index : nobody;
    }
    case 'now': {
      const microseconds = machine.arena.getBigUint64(frame.header + 32, true);
      const logical = BigInt(machine.arena.getUint32(frame.header + 40, true));
      return BigInt.asUintN(64, (microseconds << 12n) + logical);
    }
    case 'binary': {
      const { op, type, left, right } = expression;
      if (op === '&&') return of(left) === true && of(right) === true;
      if (op === '||') return of(left) === true || of(right) === true;
      return binary(op, type, left.type, of(left), of(right));
    }
    case 'unary':
      return unary(expression.op, expression.type, of(expression.operand));
    case 'select':
      return of(expression.condition) ? of(expression.whenTrue) : of(expression.whenFalse);
    case 'convert':
      return convert(expression.operand.type, expression.type, of(expression.operand));
    case 'math':
      return math(expression.fn, expression.type, expression.args.map(of));
    case 'call':
      return call(machine, frame, expression.fn, expression.args.map(of));
  }
}

/** The same 32 bits as an unsigned number. */
export function unsigned(value: Value): number {
  return Number(BigInt.asUintN(32, BigInt(value)));
}

function call(machine: Machine, caller: Frame, fn: number, args: readonly Value[]): Value {
  const callee = machine.module.functions[fn];
  if (callee === undefined) throw new RangeError(`the module has no function ${fn}`);
  const frame: Frame = { self: caller.self, header: caller.header, locals: [], result: null };
  callee.parameters.forEach((id, i) => {
    frame.locals[id] = args[i] ?? 0;
  });
  execute(machine, frame, callee.body);
  return frame.result ?? zeroOf(callee.result ?? 'i32');
}

function load(machine: Machine, frame: Frame, place: Place, miss: Value): Value {
  const offset = locate(machine, frame, place);
  if (offset === null) return miss;
  return readScalar(machine.viewOf(place), offset, place.storage);
}

/**
 * The byte offset of a place in its view; null, with a fault recorded, when an index is out of range. All indices
 * are evaluated before the first is checked. `safe` is not trusted here.
 */
function locate(machine: Machine, frame: Frame, place: Place): number | null {
  const values = place.indices.map((index) => unsigned(evaluate(machine, frame, index.value)));
  return check(machine, frame, place, values);
}

export function check(
  machine: Machine,
  frame: Frame,
  place: Place,
  values: readonly number[],
): number | null {
  let offset = machine.baseOf(place, frame) + place.offset;
  for (const [i, index] of place.indices.entries()) {
    const value = values[i] ?? 0;
    if (value >= index.length) {
      machine.env.fault(frame.self, index.site, value);
      return null;
    }
    offset += value * index.stride;
  }
  return offset;
}
