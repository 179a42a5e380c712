import type { Expression } from '../ir/types.ts';
import { identifier } from '../text/identifier.ts';
import type { FunctionText } from './function-text.ts';
import { literal, typeText } from './literal.ts';
import { binaryText, convertText, mathText, unaryText } from './operator.ts';
import { asWord, loadText } from './place.ts';

type Of<K extends Expression['kind']> = Extract<Expression, { kind: K }>;

/**
 * The C++ for a value. What it takes lines to compute is written before; the text itself has no effect and cannot
 * fault, so it may stand anywhere after, and its operands may be evaluated in any order.
 */
export function expressionText(text: FunctionText, e: Expression): string {
  switch (e.kind) {
    case 'const':
      return constantText(text, e);
    case 'local':
      return text.local(e.id);
    case 'load':
      return loadText(text, e.place, e.type);
    case 'self':
    case 'index':
    case 'instances':
    case 'sender':
    case 'now':
      return `rk->${e.kind}`;
    case 'at':
      return `${text.library('rk_at')}(rk, ${asWord(text, e.index)})`;
    case 'binary':
      return binaryOf(text, e);
    case 'unary':
      return unaryText(text, e.op, e.type, expressionText(text, e.operand));
    case 'select':
      return selectText(text, e);
    case 'convert':
      return convertText(text, e.operand.type, e.type, expressionText(text, e.operand));
    case 'math':
      return mathText(
        text,
        e.fn,
        e.type,
        e.args.map((arg) => expressionText(text, arg)),
      );
    case 'call': {
      const args = e.args.map((arg) => expressionText(text, arg));
      const call = `${functionName(text, e.fn)}(${['rk', ...args].join(', ')})`;
      const value = text.keep(typeText(e.type), call);
      text.line(...text.tick());
      return value;
    }
  }
}

export function functionName(text: FunctionText, index: number): string {
  const fn = text.program.module.functions[index];
  if (fn === undefined) throw new RangeError(`the module has no function ${index}`);
  return `f${index}_${identifier(fn.name)}`;
}

function constantText(text: FunctionText, { type, value }: Of<'const'>): string {
  const constant = literal(type, value);
  if (constant.startsWith('rk_')) text.library(type === 'f32' ? 'rk_f32_bits' : 'rk_f64_bits');
  return constant;
}

function binaryOf(text: FunctionText, e: Of<'binary'>): string {
  if (e.op === '&&' || e.op === '||') return logicText(text, e);
  const left = expressionText(text, e.left);
  const right = expressionText(text, e.right);
  return binaryText(text, e.op, e.left.type, left, right, e.right.type);
}

/** The right side is written inside of an `if` where it takes lines. */
function logicText(text: FunctionText, e: Of<'binary'>): string {
  const left = expressionText(text, e.left);
  let right = '';
  const lines = text.block(() => {
    right = expressionText(text, e.right);
  });
  if (lines.length === 0) return `(${left} ${e.op} ${right})`;
  const name = text.temporary();
  text.line(`bool ${name} = ${left};`);
  text.line(`if (${e.op === '&&' ? name : `!${name}`}) {`, ...lines, `  ${name} = ${right};`, '}');
  return name;
}

/** An `if` where one of the sides takes lines. */
function selectText(text: FunctionText, e: Of<'select'>): string {
  const condition = expressionText(text, e.condition);
  let whenTrue = '';
  let whenFalse = '';
  const trueLines = text.block(() => {
    whenTrue = expressionText(text, e.whenTrue);
  });
  const falseLines = text.block(() => {
    whenFalse = expressionText(text, e.whenFalse);
  });
  if (trueLines.length + falseLines.length === 0) {
    return `(${condition} ? ${whenTrue} : ${whenFalse})`;
  }
  const name = text.temporary();
  text.line(`${typeText(e.type)} ${name};`, `if (${condition}) {`, ...trueLines);
  text.line(`  ${name} = ${whenTrue};`, '} else {', ...falseLines, `  ${name} = ${whenFalse};`);
  text.line('}');
  return name;
}
