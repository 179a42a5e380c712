import type { Statement } from '../ir/types.ts';
import {
  capturedLocals,
  declaredLocals,
  roundsMayFault,
  type SectionStatement,
} from '../ir/walk.ts';
import { identifier } from '../text/identifier.ts';
import { expressionText } from './expression.ts';
import { FunctionText } from './function-text.ts';
import { typeText } from './literal.ts';
import { combineText, startText } from './reduce.ts';

/** Writes the statements of a section. */
type WriteList = (text: FunctionText, statements: readonly Statement[]) => void;

/**
 * The section becomes a function that every lane of the group runs, and the handler, which only the first lane runs,
 * a call of it: the values that it needs are shown to the other lanes, they are woken, and all come together again.
 */
export function sectionLines(text: FunctionText, s: SectionStatement, write: WriteList): void {
  const { program, fn } = text;
  const number = program.sections.length + 1;
  const name = `s${number}_${identifier(fn.name)}`;
  const own = declaredLocals([s]);
  const captured = capturedLocals(s);
  const shown = ['rk_u32 count;'];
  for (const id of captured) shown.push(`${typeText(text.typeOfLocal(id))} ${text.local(id)};`);
  const struct = `struct Section${number} { ${shown.join(' ')} };`;
  const inner = new FunctionText(program, fn);
  const lines = inner.block(() => roundLines(inner, s, write));
  const values = captured.map(
    (id) => `  const ${typeText(text.typeOfLocal(id))} ${text.local(id)} = all.${text.local(id)};`,
  );
  const preamble = inner.preamble((id) => own.has(id)).map((line) => `  ${line}`);
  const definition = [
    `RK_DEV void ${name}(RkShared* group) {`,
    '  RkLane lane;',
    '  RkTurn* const rk = rk_enter(&lane, group);',
    `  const Section${number}& all = group->s${number};`,
    '  const rk_u32 count = all.count;',
    ...values,
    ...preamble,
    ...lines,
    '}',
    '',
  ];
  program.sections.push({ struct, name, text: definition.join('\n') });
  callLines(text, s, { number, name, captured });
}

interface Call {
  readonly number: number;
  readonly name: string;
  readonly captured: readonly number[];
}

/** What the first lane does in the place of the section. */
function callLines(
  text: FunctionText,
  s: SectionStatement,
  { number, name, captured }: Call,
): void {
  for (const part of ['rk_open', 'rk_enter']) text.library(part);
  const group = text.temporary();
  const count = text.keep(typeText(s.count.type), expressionText(text, s.count));
  text.line(`RkShared* const ${group} = (RkShared*)rk->group;`);
  const times = s.count.type === 'i32' ? `${count} > 0 ? (rk_u32)${count} : 0u` : count;
  text.line(`${group}->s${number}.count = ${times};`);
  for (const id of captured) {
    text.line(`${group}->s${number}.${text.local(id)} = ${text.local(id)};`);
  }
  text.line(`rk_open(rk, ${number}u);`, `${name}(${group});`);
  if (roundsMayFault(s)) text.line(`${text.library('rk_close')}(rk);`);
  if (text.program.interruptible) text.line(`if (${text.library('rk_close_late')}(rk)) return;`);
  if (s.kind === 'reduce') {
    text.line(`${text.declaration(s.id)} = ${group}->slots[0].${s.type}[0];`);
  }
}

/** All that the lanes do: what is computed once, the count, is not among it. */
function roundLines(text: FunctionText, s: SectionStatement, write: WriteList): void {
  if (s.kind === 'parallel') parallelLines(text, s, write);
  else if (s.kind === 'reduce') reduceRounds(text, s, write);
  else scanRounds(text, s, write);
  if (text.program.interruptible) text.line(tellLate(text));
  text.line(roundsMayFault(s) ? `${text.library('rk_leave')}(&lane, group);` : 'rk_sync_lanes();');
}

const tellLate = (text: FunctionText): string => `${text.library('rk_tell_late')}(&lane, group);`;

/**
 * A loop over rounds. One that can be interrupted is a function in place, so that a lane that leaves it in the middle
 * still comes to where the lanes meet.
 */
function rounds(text: FunctionText, head: string, body: readonly string[]): string[] {
  const loop = [`for (${head}) {`, ...body, '}'];
  if (!text.program.interruptible) return loop;
  return ['[&] {', ...loop.map((line) => `  ${line}`), '}();'];
}

/** Begins a round. The number of the round orders the faults of all lanes. */
function beginRound(text: FunctionText, s: SectionStatement, index: string, round: string): void {
  if (roundsMayFault(s)) text.line(`lane.round = ${round};`);
  const type = typeText(s.count.type);
  text.line(`${text.declaration(s.index)} = (${type})${index};`);
}

type Of<K extends SectionStatement['kind']> = Extract<SectionStatement, { kind: K }>;

function parallelLines(text: FunctionText, s: Of<'parallel'>, write: WriteList): void {
  const body = text.loopBody(null, () => {
    beginRound(text, s, 'n', 'n');
    write(text, s.body);
  });
  text.line(...rounds(text, 'rk_u64 n = RK_LANE; n < count; n += RK_LANES', body));
}

/** 64 partial results, each of every 64th round in order, and then a tree: the order of every target. */
function reduceRounds(text: FunctionText, s: Of<'reduce'>, write: WriteList): void {
  const slots = slotsOf(text, s, 0);
  const lanes = 'for (rk_u32 q = RK_LANE; q < 64u; q += RK_LANES)';
  const stride = '(RK_LANES < 64u ? RK_LANES : 64u)';
  const body = text.loopBody(null, () => {
    beginRound(text, s, 'n', 'n');
    write(text, s.body);
    const next = text.keep(typeText(s.type), expressionText(text, s.value));
    text.line(`${slots}[n & 63u] = ${combineText(text, s, `${slots}[n & 63u]`, next)};`);
  });
  const tree = combineText(text, s, `${slots}[q]`, `${slots}[q + half]`);
  text.line(
    `${lanes} ${slots}[q] = ${startText(text, s)};`,
    '// No more than 64 lanes: the rounds of a slot are of one lane.',
    ...rounds(text, `rk_u64 n = RK_LANE; RK_LANE < 64u && n < count; n += ${stride}`, body),
    'rk_sync_lanes();',
    'for (rk_u32 half = 32u; half > 0u; half >>= 1) {',
    `  for (rk_u32 q = RK_LANE; q < half; q += RK_LANES) ${slots}[q] = ${tree};`,
    '  rk_sync_lanes();',
    '}',
  );
}

/** Tiles of 64 rounds, in each of which sums double their reach six times: the order of every target. */
function scanRounds(text: FunctionText, s: Of<'scan'>, write: WriteList): void {
  const type = typeText(s.type);
  const [first, second] = [slotsOf(text, s, 0), slotsOf(text, s, 1)];
  const add = (a: string, b: string): string => combineText(text, { ...s, op: 'sum' }, a, b);
  const index = '(first + q)';
  const lanes = 'rk_u32 q = RK_LANE; q < tile; q += RK_LANES';
  const body = text.loopBody(null, () => {
    beginRound(text, s, index, '2u * first + q');
    write(text, s.body);
    text.line(`${first}[q] = ${expressionText(text, s.value)};`);
  });
  const then = text.loopBody(null, () => {
    beginRound(text, s, index, '2u * first + 64u + q');
    text.line(`${text.declaration(s.id)} = ${add('carry', 'from[q]')};`);
    write(text, s.then);
  });
  const tile = [
    'const rk_u32 tile = count - first < 64u ? (rk_u32)(count - first) : 64u;',
    ...rounds(text, lanes, body),
    `${type}* from = ${first};`,
    `${type}* to = ${second};`,
    'rk_sync_lanes();',
    'for (rk_u32 d = 1u; d < tile; d <<= 1) {',
    `  for (${lanes}) {`,
    `    to[q] = q < d ? from[q] : ${add('from[q - d]', 'from[q]')};`,
    '  }',
    '  rk_sync_lanes();',
    `  ${type}* const done = to;`,
    '  to = from;',
    '  from = done;',
    '}',
    ...rounds(text, lanes, then),
    `carry = ${add('carry', 'from[tile - 1u]')};`,
    ...(text.program.interruptible
      ? [tellLate(text), 'rk_sync_lanes();', 'if (group->late != 0u) break;']
      : ['rk_sync_lanes();']),
  ];
  text.line(
    `${type} carry = ${startText(text, { ...s, op: 'sum' })};`,
    'for (rk_u64 first = 0u; first < count; first += 64u) {',
    ...tile.map((line) => `  ${line}`),
    '}',
  );
}

function slotsOf(text: FunctionText, { type }: Of<'reduce' | 'scan'>, which: 0 | 1): string {
  text.program.slots.add(type);
  return `group->slots[${which}].${type}`;
}
