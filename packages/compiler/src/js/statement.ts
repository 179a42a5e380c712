import type { Statement } from '../ir/types.ts';
import { mayFault } from '../ir/walk.ts';
import { copyLines } from './copy.ts';
import { expressionCode } from './expression.ts';
import type { FunctionText } from './function-text.ts';
import { zero } from './function-text.ts';
import { outputLines } from './output.ts';
import { accessOf } from './place.ts';
import { reduceLines } from './reduce.ts';
import { scanLines } from './scan.ts';
import { indent, levels, toU32, wrapped } from './text.ts';

type Of<K extends Statement['kind']> = Extract<Statement, { kind: K }>;

/** What `continue` is, where the step of the loop can't be part of a `for`: a way out of the body's block. */
export interface LoopContext {
  readonly label: string | null;
}

export const noLoop: LoopContext = { label: null };

export function blockLines(
  text: FunctionText,
  body: readonly Statement[],
  loop: LoopContext,
): string[] {
  return body.flatMap((s) => text.marked(s.location, statementLines(text, s, loop)));
}

function statementLines(text: FunctionText, s: Statement, loop: LoopContext): string[] {
  switch (s.kind) {
    case 'let': {
      const value = s.value === null ? zero(text.typeOfLocal(s.id)) : valueText(text, s.value);
      return [`${text.declaration(s.id)} = ${value};`];
    }
    case 'assign':
      return [`${assignText(text, s)};`];
    case 'store':
      return storeLines(text, s);
    case 'copy': {
      const base = (size: 1 | 4): string => `${text.stateBase(size)} + ${s.offset / size}`;
      return copyLines(text, s, 'state', s.offset, base);
    }
    case 'if':
      return ifLines(text, s, loop);
    case 'loop':
      return loopLines(text, s);
    case 'break':
      return ['break;'];
    case 'continue':
      return [loop.label === null ? 'continue;' : `break ${loop.label};`];
    case 'return':
      return [s.value === null ? 'return;' : `return ${valueText(text, s.value)};`];
    case 'send':
    case 'reply':
    case 'emit':
      return outputLines(text, s);
    case 'random': {
      const bits = `${text.library('random')}(self)`;
      const value = s.type === 'u32' ? bits : `(${bits} >>> 8) / 16777216`;
      return [`${text.declaration(s.id)} = ${value};`];
    }
    case 'parallel':
      return countedLines(text, s.count, s.index, blockLines(text, s.body, noLoop));
    case 'reduce':
      return reduceLines(text, s, blockLines(text, s.body, noLoop));
    case 'scan':
      return scanLines(text, s, {
        body: blockLines(text, s.body, noLoop),
        value: valueText(text, s.value),
        then: blockLines(text, s.then, noLoop),
      });
    case 'fail': {
      const code = wrapped(toU32(expressionCode(text, s.code)), levels.assignment);
      return [`env.fault(self, ${s.site}, ${code});`, 'return;'];
    }
  }
}

function valueText(text: FunctionText, value: Parameters<typeof expressionCode>[1]): string {
  return wrapped(expressionCode(text, value), levels.assignment);
}

function assignText(text: FunctionText, s: Of<'assign'>): string {
  return `${text.local(s.id)} = ${valueText(text, s.value)}`;
}

/** Indices, then the value, then the checks, then the write. A value that can't fault may come last. */
function storeLines(text: FunctionText, s: Of<'store'>): string[] {
  const { element, setups, checks } = accessOf(text, s.place);
  const code = expressionCode(text, s.value);
  const lines = setups.map((setup) => `${setup};`);
  let value = wrapped(code, levels.assignment);
  let kept = false;
  if (checks.length > 0 && mayFault(s.value)) {
    kept = true;
    lines.push(`const value = ${value};`);
    value = 'value';
  }
  if (s.place.storage === 'bool') {
    value = kept ? 'value ? 1 : 0' : `${wrapped(code, levels.or)} ? 1 : 0`;
  }
  const write = `${element} = ${value};`;
  if (checks.length === 0) return [...lines, write];
  for (const [i, { inRange, name, site }] of checks.entries()) {
    const keyword = i === 0 ? 'if' : 'else if';
    lines.push(`${keyword} (!(${inRange})) env.fault(self, ${site}, ${name} >>> 0);`);
  }
  lines.push(`else ${write}`);
  return kept ? ['{', ...indent(lines), '}'] : lines;
}

function ifLines(text: FunctionText, s: Of<'if'>, loop: LoopContext): string[] {
  const lines = [
    `if (${expressionCode(text, s.condition).text}) {`,
    ...indent(blockLines(text, s.then, loop)),
  ];
  if (s.otherwise.length > 0) {
    lines.push('} else {', ...indent(blockLines(text, s.otherwise, loop)));
  }
  return [...lines, '}'];
}

/** A `for` when the step is a list of assignments, which it nearly always is. */
function loopLines(text: FunctionText, s: Of<'loop'>): string[] {
  const condition = expressionCode(text, s.condition).text;
  if (s.step.every((statement) => statement.kind === 'assign')) {
    const step = s.step.map((statement) => assignText(text, statement)).join(', ');
    const head = step === '' ? `while (${condition}) {` : `for (; ${condition}; ${step}) {`;
    return [head, ...indent([...text.tick(), ...blockLines(text, s.body, noLoop)]), '}'];
  }
  const label = text.label();
  return [
    `while (${condition}) {`,
    ...indent([...text.tick(), `${label}: {`, ...indent(loopBody(text, s, label)), '}']),
    ...indent(blockLines(text, s.step, noLoop)),
    '}',
  ];
}

/** A `break` in a labelled block would still leave the loop, so only `continue` needs the label. */
function loopBody(text: FunctionText, s: Of<'loop'>, label: string): string[] {
  return blockLines(text, s.body, { label });
}

/** `for` over a count that is evaluated once. */
export function countedLines(
  text: FunctionText,
  count: Parameters<typeof expressionCode>[1],
  index: number,
  body: readonly string[],
): string[] {
  const name = text.local(index);
  const limit = `${name}_count`;
  const total = valueText(text, count);
  if (!text.isHoisted(index)) {
    const head = `for (let ${name} = 0, ${limit} = ${total}; ${name} < ${limit}; ${name}++) {`;
    return [head, ...indent([...text.tick(), ...body]), '}'];
  }
  const lines = indent([...text.tick(), ...body]);
  const loop = [`for (${name} = 0; ${name} < ${limit}; ${name}++) {`, ...lines, '}'];
  return ['{', ...indent([`const ${limit} = ${total};`, ...loop]), '}'];
}
