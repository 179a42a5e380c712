import type { Expression } from '../ir/types.ts';
import { identifier } from '../text/identifier.ts';
import type { FunctionText } from './function-text.ts';
import { isOpaque, literal, typeText } from './literal.ts';
import { binaryText, convertText, mathText, unaryText } from './operator.ts';
import { asWord, loadText } from './place.ts';

type Of<K extends Expression['kind']> = Extract<Expression, { kind: K }>;

/**
 * The WGSL for a value. What it takes lines to compute is written before; the text itself has no effect and cannot
 * fault, so it may stand anywhere after.
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
      return '(rk_params.base_address + rk_self)';
    case 'index':
      return 'rk_self';
    case 'instances':
      return 'rk_params.instances';
    case 'sender':
      return 'rk_memory[rk_message - 4u]';
    case 'at':
      return `${text.library('rk_at')}(${asWord(text, e.index)})`;
    case 'now':
      return `${text.library('rk_now')}()`;
    case 'binary':
      return binaryOf(text, e);
    case 'unary':
      return unaryText(text, e.op, e.type, operandText(text, e.operand));
    case 'select':
      return selectText(text, e);
    case 'convert':
      return convertText(text, e.operand.type, e.type, operandText(text, e.operand));
    case 'math':
      return mathText(
        text,
        e.fn,
        e.type,
        e.args.map((arg) => operandText(text, arg)),
      );
    case 'call': {
      const args = e.args.map((arg) => expressionText(text, arg));
      return text.keep(`${functionName(text, e.fn)}(${args.join(', ')})`);
    }
  }
}

export function functionName(text: FunctionText, index: number): string {
  const fn = text.program.module.functions[index];
  if (fn === undefined) throw new RangeError(`the module has no function ${index}`);
  return `f${index}_${identifier(fn.name)}`;
}

function constantText(text: FunctionText, { type, value }: Of<'const'>): string {
  if (type === 'f32' && isOpaque(Math.fround(Number(value)))) text.library('rk_opaque');
  return literal(type, value);
}

/** An operand; a constant is named first where the whole would be a constant expression, whose overflow is an error. */
function operandText(text: FunctionText, e: Expression): string {
  const value = expressionText(text, e);
  return e.kind === 'const' ? text.keep(value) : value;
}

function binaryOf(text: FunctionText, e: Of<'binary'>): string {
  if (e.op === '&&' || e.op === '||') return logicText(text, e);
  const { left, right, op } = e;
  const a = right.kind === 'const' ? operandText(text, left) : expressionText(text, left);
  const b = expressionText(text, right);
  return binaryText(text, op, left.type, a, b, right.type);
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
  text.line(`var ${name} = ${left};`);
  text.line(`if (${e.op === '&&' ? name : `!${name}`}) {`, ...lines, `  ${name} = ${right};`, '}');
  return name;
}

/** `select` evaluates both sides, so it is for sides that take no lines. */
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
    return `select(${whenFalse}, ${whenTrue}, ${condition})`;
  }
  const name = text.temporary();
  text.line(`var ${name}: ${typeText(e.type)};`, `if (${condition}) {`, ...trueLines);
  text.line(
    `  ${name} = ${whenTrue};`,
    '} else {',
    ...falseLines,
    `  ${name} = ${whenFalse};`,
    '}',
  );
  return name;
}
