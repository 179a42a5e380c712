import type { Expression, MergeOperator, Statement } from '../ir/types.ts';
import { copyLines } from './copy.ts';
import { expressionText } from './expression.ts';
import type { FunctionText } from './function-text.ts';
import { zero } from './literal.ts';
import { outputLines } from './output.ts';
import { accessOf, asWord, guarded, writeText } from './place.ts';
import { reduceLines } from './reduce.ts';
import { scanLines } from './scan.ts';

type Of<K extends Statement['kind']> = Extract<Statement, { kind: K }>;

export function statementLines(text: FunctionText, body: readonly Statement[]): void {
  for (const statement of body) {
    text.mark(statement.location);
    lines(text, statement);
  }
}

function lines(text: FunctionText, s: Statement): void {
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
      return copyLines(text, 'states', 'rk_state', s);
    case 'if':
      return ifLines(text, s);
    case 'loop':
      return loopLines(text, s);
    case 'break':
    case 'continue':
      return text.line(text.jump(s.kind));
    case 'return':
      return text.line(text.leave(s.value === null ? null : expressionText(text, s.value)));
    case 'send':
    case 'reply':
    case 'emit':
      return outputLines(text, s);
    case 'random': {
      const bits = `${text.library('rk_random')}()`;
      const value = s.type === 'u32' ? bits : `(f32(${bits} >> 8u) * 5.9604644775390625e-8f)`;
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
      return text.line(text.fault(s.site, asWord(text, s.code)), text.leave(null));
  }
}

/** Indices, then the value, then the checks, then the write. */
function storeLines(text: FunctionText, s: Of<'store'>): void {
  if (s.merge !== undefined && text.program.form === 'workgroup')
    return mergeLines(text, s, s.merge);
  const access = accessOf(text, s.place);
  const value = text.keep(expressionText(text, s.value));
  const { storage } = s.place;
  guarded(text, access, writeText(text, 'states', 'rk_state', storage, access.at, value));
}

const merges = { '+': 'atomicAdd', '&': 'atomicAnd', '|': 'atomicOr', '^': 'atomicXor' } as const;

/** Load, operation and store as one: other lanes do the same to the same scalar. The checks are those of the load. */
function mergeLines(text: FunctionText, { value }: Of<'store'>, merge: MergeOperator): void {
  const load = value.kind === 'binary' ? value.left : value;
  if (load.kind !== 'load') throw new RangeError('a merge starts with a load');
  const access = accessOf(text, load.place);
  const faults = access.checks.map(
    ({ name, length, site }) => `if (${name} >= ${length}u) { ${text.fault(site, name)} }`,
  );
  if (faults.length > 0) text.line(faults.join(' else '));
  if (value.kind !== 'binary') return;
  const operand = text.keep(asWord(text, value.right));
  const change = value.op === '-' ? 'atomicSub' : merges[merge];
  const inside = access.checks.map(({ name, length }) => `${name} < ${length}u`);
  const action = `${change}(&rk_states[rk_state + ${access.at(4)}], ${operand});`;
  text.line(inside.length === 0 ? action : `if (${inside.join(' && ')}) { ${action} }`);
}

function ifLines(text: FunctionText, s: Of<'if'>): void {
  text.line(`if (${expressionText(text, s.condition)}) {`);
  text.line(...text.block(() => statementLines(text, s.then)));
  if (s.otherwise.length > 0) {
    text.line('} else {', ...text.block(() => statementLines(text, s.otherwise)));
  }
  text.line('}');
}

function loopLines(text: FunctionText, s: Of<'loop'>): void {
  const body = text.loop(() => {
    text.line(`if (!(${expressionText(text, s.condition)})) { break; }`);
    statementLines(text, s.body);
    const step = text.block(() => statementLines(text, s.step));
    if (step.length > 0) text.line('continuing {', ...step, '}');
  });
  text.line('loop {', ...body, '}');
}

/** A loop over a count that is evaluated once. */
function countedLines(text: FunctionText, count: Expression, id: number, body: () => void): void {
  const total = text.keep(expressionText(text, count));
  const index = text.local(id);
  const start = `${text.declaration(id)} = ${count.type}(0)`;
  text.line(`for (${start}; ${index} < ${total}; ${index}++) {`, ...text.block(body), '}');
}
