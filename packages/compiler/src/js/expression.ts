import type { BinaryOperator, Expression, ValueType } from '../ir/types.ts';
import { identifier } from '../text/identifier.ts';
import { convertCode } from './convert.ts';
import type { FunctionText } from './function-text.ts';
import { mathCode } from './math.ts';
import { loadCode } from './place.ts';
import { atom, type Code, infix, invoke, levels, toI32, toU32, wrapped } from './text.ts';
import { number } from './views.ts';

type Of<K extends Expression['kind']> = Extract<Expression, { kind: K }>;

/** The JavaScript that computes exactly what the expression means on every target. */
export function expressionCode(text: FunctionText, e: Expression): Code {
  switch (e.kind) {
    case 'const':
      return constCode(e);
    case 'local':
      return atom(text.local(e.id));
    case 'load':
      return loadCode(text, e.place);
    case 'self':
      return infix(atom('env.baseAddress'), '+', atom('self'), levels.sum);
    case 'index':
      return atom('self');
    case 'instances':
      return atom('env.instances');
    case 'sender':
      return atom(headerWord(text, 12));
    case 'at':
      return invoke(text.library('addressOf'), expressionCode(text, e.index));
    case 'now':
      return nowCode(text);
    case 'binary':
      return binaryCode(e.op, e.left.type, expressionCode(text, e.left), e.right, text);
    case 'unary':
      return unaryCode(e.op, e.type, expressionCode(text, e.operand));
    case 'select':
      return selectCode(text, e);
    case 'convert':
      return convertCode(text, e.operand.type, e.type, expressionCode(text, e.operand));
    case 'math':
      return mathCode(
        text,
        e.fn,
        e.type,
        e.args.map((arg) => expressionCode(text, arg)),
      );
    case 'call': {
      const args = e.args.map((arg) => expressionCode(text, arg));
      return invoke(functionName(text, e.fn), atom('self'), atom('header'), ...args);
    }
  }
}

function functionName(text: FunctionText, index: number): string {
  const fn = text.program.module.functions[index];
  if (fn === undefined) throw new RangeError(`the module has no function ${index}`);
  return `f${index}_${identifier(fn.name)}`;
}

function constCode({ type, value }: Of<'const'>): Code {
  if (typeof value === 'boolean') return atom(String(value));
  const literal =
    typeof value === 'bigint'
      ? `${value}n`
      : number(type === 'f32' ? Math.fround(Number(value)) : Number(value));
  if (literal.includes('/')) return { text: literal, level: levels.product };
  return { text: literal, level: literal.startsWith('-') ? levels.unary : levels.atom };
}

/** A u32 of the header: the 64 bytes before the payload. */
function headerWord(text: FunctionText, word: number): string {
  const view = text.program.views.use('arena', 'u32');
  return `${view}[${text.messageBase(4)} - ${16 - word}]`;
}

function nowCode(text: FunctionText): Code {
  const view = text.program.views.use('arena', 'u64');
  const microseconds = `${view}[${text.messageBase(8)} - 4]`;
  return atom(`BigInt.asUintN(64, (${microseconds} << 12n) + BigInt(${headerWord(text, 10)}))`);
}

function selectCode(text: FunctionText, e: Of<'select'>): Code {
  const condition = wrapped(expressionCode(text, e.condition), levels.or);
  const whenTrue = wrapped(expressionCode(text, e.whenTrue), levels.assignment);
  const whenFalse = wrapped(expressionCode(text, e.whenFalse), levels.conditional);
  return { text: `${condition} ? ${whenTrue} : ${whenFalse}`, level: levels.conditional };
}

function unaryCode(op: '-' | '!' | '~', type: ValueType, operand: Code): Code {
  // The operand is an atom, so that `-` never meets another `-`.
  const plain: Code = { text: `${op}${wrapped(operand, levels.atom)}`, level: levels.unary };
  switch (type) {
    case 'i64':
      return invoke('BigInt.asIntN', atom('64'), plain);
    case 'u64':
      return invoke('BigInt.asUintN', atom('64'), plain);
    case 'i32':
      return op === '-' ? toI32(plain) : plain;
    case 'u32':
      return toU32(plain);
    default:
      return plain;
  }
}

const plainOperators: Partial<Record<BinaryOperator, readonly [string, number]>> = {
  '<': ['<', levels.relation],
  '<=': ['<=', levels.relation],
  '>': ['>', levels.relation],
  '>=': ['>=', levels.relation],
  '==': ['===', levels.equality],
  '!=': ['!==', levels.equality],
  '&&': ['&&', levels.and],
  '||': ['||', levels.or],
};

const arithmeticLevels: Partial<Record<BinaryOperator, number>> = {
  '+': levels.sum,
  '-': levels.sum,
  '*': levels.product,
  '/': levels.product,
  '%': levels.product,
  '&': levels.bits,
  '|': levels.bits,
  '^': levels.bits,
  '<<': levels.shift,
  '>>': levels.shift,
};

function binaryCode(
  op: BinaryOperator,
  type: ValueType,
  left: Code,
  rightExpression: Expression,
  text: FunctionText,
): Code {
  const right = expressionCode(text, rightExpression);
  const plain = plainOperators[op];
  if (plain !== undefined) return infix(left, plain[0], right, plain[1]);
  switch (type) {
    case 'f64':
      return arithmetic(left, op, right);
    case 'f32':
      return invoke(text.library('fround'), arithmetic(left, op, right));
    case 'i64':
    case 'u64':
      return bigCode(op, type, left, right, rightExpression, text);
    case 'i32':
    case 'u32':
      return wordCode(op, type, left, right, rightExpression, text);
    case 'bool':
      throw new TypeError(`${op} is not an operator of bool`);
  }
}

function arithmetic(left: Code, op: BinaryOperator, right: Code): Code {
  return infix(left, op, right, arithmeticLevels[op] ?? levels.sum);
}

function wordCode(
  op: BinaryOperator,
  type: 'i32' | 'u32',
  left: Code,
  right: Code,
  rightExpression: Expression,
  text: FunctionText,
): Code {
  const signed = type === 'i32';
  const wrapTo = signed ? toI32 : toU32;
  switch (op) {
    case '*': {
      const product = invoke('Math.imul', left, right);
      return signed ? product : toU32(product);
    }
    case '/':
      if (isNonZero(rightExpression)) return wrapTo(arithmetic(left, op, right));
      return invoke(text.library(signed ? 'divideI32' : 'divideU32'), left, right);
    case '%':
      if (isNonZero(rightExpression)) {
        return signed ? toI32(arithmetic(left, op, right)) : arithmetic(left, op, right);
      }
      return invoke(text.library(signed ? 'remainderI32' : 'remainderU32'), left, right);
    case '>>':
      return infix(left, signed ? '>>' : '>>>', right, levels.shift);
    case '+':
    case '-':
      return wrapTo(arithmetic(left, op, right));
    default:
      return signed ? arithmetic(left, op, right) : toU32(arithmetic(left, op, right));
  }
}

function isNonZero(e: Expression): boolean {
  return e.kind === 'const' && e.value !== 0 && e.value !== 0n;
}

function bigCode(
  op: BinaryOperator,
  type: 'i64' | 'u64',
  left: Code,
  right: Code,
  rightExpression: Expression,
  text: FunctionText,
): Code {
  const signed = type === 'i64';
  const wrapTo = (code: Code): Code =>
    invoke(signed ? 'BigInt.asIntN' : 'BigInt.asUintN', atom('64'), code);
  if (op === '/' && !isNonZero(rightExpression)) {
    return invoke(text.library(signed ? 'divideI64' : 'divideU64'), left, right);
  }
  if (op === '%' && !isNonZero(rightExpression)) {
    return invoke(text.library(signed ? 'remainderI64' : 'remainderU64'), left, right);
  }
  if (op === '<<' || op === '>>')
    return wrapTo(arithmetic(left, op, countCode(right, rightExpression)));
  return wrapTo(arithmetic(left, op, right));
}

/** The count of a 64-bit shift as a bigint below 64. */
function countCode(count: Code, { kind, type, ...rest }: Expression): Code {
  if (kind === 'const' && 'value' in rest) {
    return atom(`${BigInt.asUintN(6, BigInt(rest.value))}n`);
  }
  if (type === 'i64' || type === 'u64') return infix(count, '&', atom('63n'), levels.bits);
  return invoke('BigInt', infix(count, '&', atom('63'), levels.bits));
}
