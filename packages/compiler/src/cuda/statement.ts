import type { Expression, Statement } from '../ir/types.ts';
import { childLists, isSection, mayFault } from '../ir/walk.ts';
import { copyLines } from './copy.ts';
import { expressionText } from './expression.ts';
import type { FunctionText } from './function-text.ts';
import { typeText, zero } from './literal.ts';
import { outputLines } from './output.ts';
import { accessOf, asWord, comment, guarded, writeText } from './place.ts';
import { reduceLines } from './reduce.ts';
import { scanLines } from './scan.ts';
import { sectionLines } from './section.ts';

type Of<K extends Statement['kind']> = Extract<Statement, { kind: K }>;

export function statementLines(text: FunctionText, body: readonly Statement[]): void {
  for (const statement of body) {
    text.mark(statement.location);
    lines(text, statement);
  }
}

function lines(text: FunctionText, s: Statement): void {
  if (isSection(s) && text.program.form === 'group') return sectionLines(text, s, statementLines);
  switch (s.kind) {
    case 'let': {
      const value = s.value === null ? zero(text.typeOfLocal(s.id)) : expressionText(text, s.value);
      return text.line(`${text.declaration(s.id)} = ${value};`);
    }
    case 'assign':
      return text.line(`${text.local(s.id)} = ${expressionText(text, s.value)};`);
    case 'store':
      return storeLines(text, s);
    case 'copy':
      return copyLines(text, 'rk->state', s);
    case 'if':
      return ifLines(text, s);
    case 'loop':
      return loopLines(text, s);
    case 'break':
      return text.line('break;');
    case 'continue':
      return text.line(text.next === null ? 'continue;' : `goto ${text.next};`);
    case 'return':
      return text.line(s.value === null ? 'return;' : `return ${expressionText(text, s.value)};`);
    case 'send':
    case 'reply':
    case 'emit':
      return outputLines(text, s);
    case 'random': {
      const bits = `${text.library('rk_random')}(rk)`;
      const value = s.type === 'u32' ? bits : `(float)(${bits} >> 8) * 5.9604644775390625e-8f`;
      return text.line(`${text.declaration(s.id)} = ${value};`);
    }
    case 'parallel':
      return countedLines(text, s.count, s.index, () => statementLines(text, s.body));
    case 'reduce':
      return reduceLines(
        text,
        s,
        (last) =>
          countedLines(text, s.count, s.index, () => {
            statementLines(text, s.body);
            last();
          }),
        () => expressionText(text, s.value),
      );
    case 'scan':
      return scanLines(text, s, {
        body: () => statementLines(text, s.body),
        then: () => statementLines(text, s.then),
      });
    case 'fail':
      return text.line(text.fault(s.site, asWord(text, s.code)), 'return;');
  }
}

/** Indices, then the value, then the checks, then the write. */
function storeLines(text: FunctionText, s: Of<'store'>): void {
  if (s.merge !== undefined && text.program.form === 'group') return mergeLines(text, s);
  const access = accessOf(text, s.place);
  let value = expressionText(text, s.value);
  if (access.checks.length > 0) value = text.keep(typeText(s.value.type), value);
  const target = { storage: s.place.storage, at: access.at(1), note: comment(s.place) };
  guarded(text, access, writeText(text, 'rk->state', target, value));
}

const merges = { '+': 'add', '&': 'and', '|': 'or', '^': 'xor' } as const;

/** Load and store as one operation, behind what the load would have checked. */
function mergeLines(text: FunctionText, { place, value, merge = '+' }: Of<'store'>): void {
  const access = accessOf(text, place);
  const load = value.kind === 'binary' ? value.left : value;
  if (load.kind === 'load' && mayFault(load)) guarded(text, accessOf(text, load.place), ';');
  if (value.kind !== 'binary') return guarded(text, access, ';'); // nothing is merged into it
  const right = text.keep('rk_u32', asWord(text, value.right));
  const operand = value.op === '-' ? `0u - ${right}` : right;
  const name = text.library(`rk_merge_${merges[merge]}`);
  guarded(text, access, `${name}(rk->state + ${access.at(1)}${comment(place)}, ${operand});`);
}

function ifLines(text: FunctionText, s: Of<'if'>): void {
  text.line(`if (${expressionText(text, s.condition)}) {`);
  text.line(...text.block(() => statementLines(text, s.then)));
  if (s.otherwise.length > 0) {
    text.line('} else {', ...text.block(() => statementLines(text, s.otherwise)));
  }
  text.line('}');
}

/** `for` where condition and step are one line each, as most are; else its parts one after the other. */
function loopLines(text: FunctionText, s: Of<'loop'>): void {
  let condition = '';
  const before = text.block(() => {
    condition = expressionText(text, s.condition);
  });
  const step = text.block(() => statementLines(text, s.step)).filter((line) => !isMark(line));
  const short = s.step.every(({ kind }) => kind === 'assign' || kind === 'store');
  if (before.length === 0 && step.length <= 1 && short) {
    const each = (step[0] ?? '').trim().replace(/;$/u, '');
    text.line(`for (; ${condition};${each === '' ? '' : ` ${each}`}) {`);
    text.line(...text.loopBody(null, () => statementLines(text, s.body)), '}');
    return;
  }
  const next = hasContinue(s.body) ? text.label() : null;
  const body = text.loopBody(next, () => statementLines(text, s.body));
  text.line('for (;;) {', ...before, `  if (!${condition}) break;`);
  if (next === null) text.line(...body);
  else text.line('  {', ...body.map((line) => `  ${line}`), '  }', `  ${next}:;`);
  text.line(...step, '}');
}

const isMark = (line: string): boolean => line.trimStart().startsWith('//');

/** Whether a `continue` belongs to the loop that this is the body of. */
function hasContinue(body: readonly Statement[]): boolean {
  return body.some(
    (s) =>
      s.kind === 'continue' ||
      (s.kind !== 'loop' && childLists(s).some((list) => hasContinue(list))),
  );
}

/** A loop over a count that is evaluated once. */
function countedLines(text: FunctionText, count: Expression, id: number, body: () => void): void {
  const total = text.keep(typeText(count.type), expressionText(text, count));
  const index = text.local(id);
  text.line(
    `for (${text.declaration(id)} = ${zero(count.type)}; ${index} < ${total}; ${index}++) {`,
  );
  text.line(...text.loopBody(null, body), '}');
}
