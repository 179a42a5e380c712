import type { StructLayout, TypeLayout } from '@ringkernel/core';
import { bytesOf, scalarsOf } from '../ir/leaves.ts';
import { valueTypeOf } from '../ir/operators.ts';
import type { Expression, Local, PayloadPart, Statement, ValueType } from '../ir/types.ts';

import { constant, expression, place } from './expressions.ts';
import { again, earlier } from './repeats.ts';
import { local, newSite, type Scope, type ScopeLeaf, type SectionScope } from './scope.ts';

/** Where a list of statements stands: what it may contain. */
export interface Region {
  /** Effects are for handlers; functions are called from expressions. */
  readonly kind: 'handler' | 'function' | 'parallel';
  /** Index of the message being handled, for replies and whole copies. */
  readonly message: number | null;
  readonly result: ValueType | null;
  /** `break` and `continue` have a loop to go to. */
  readonly inLoop: boolean;
  readonly depth: number;
}

type Choice = readonly [weight: number, make: () => Statement[]];

/** Bound on how often the innermost statement of one handler runs. */
const maxRepeats = 300;

export function statements(scope: Scope, region: Region, count: number): Statement[] {
  return Array.from({ length: count }, () => statement(scope, region)).flat();
}

function statement(scope: Scope, region: Region): Statement[] {
  const { source } = scope;
  const choices: Choice[] = [
    [5, () => [declare(scope)]],
    [5, () => assign(scope)],
    [5, () => repeat(scope, region)],
  ];
  if (region.kind !== 'function') choices.push([10, () => store(scope)]);
  if (region.kind === 'handler') choices.push(...effects(scope, region));
  if (region.depth > 0) choices.push(...nested(scope, region));
  if (region.inLoop) {
    const kind = source.pick(['break', 'continue'] as const);
    choices.push([1, () => [rarely(scope, [{ kind }])]]);
  }
  if (region.kind !== 'parallel') {
    const value = (): Expression | null =>
      region.result === null ? null : expression(scope, region.result, 1);
    choices.push([1, () => [rarely(scope, [{ kind: 'return', value: value() }])]]);
  }
  return source.weighted(choices);
}

function rarely(scope: Scope, then: readonly Statement[]): Statement {
  return { kind: 'if', condition: expression(scope, 'bool', 1), then, otherwise: [] };
}

function declare(scope: Scope): Statement {
  const type = scope.source.pick(scope.valueTypes);
  return declareAs(scope, type, scope.source.chance(10) ? null : expression(scope, type, 3));
}

function declareAs(scope: Scope, type: ValueType, value: Expression | null): Statement {
  const variable = scope.add(type);
  scope.visible.push(variable);
  if (value !== null) scope.history.addName(value, variable);
  return { kind: 'let', id: variable.id, value };
}

/** Computes again, once or twice, what was computed before. */
function repeat(scope: Scope, region: Region): Statement[] {
  const e = earlier(scope, null);
  if (e === null) return [declare(scope)];
  return Array.from({ length: 1 + scope.source.below(2) }, () => {
    const value = again(scope, e);
    scope.history.addExpression(value, scope.section);
    return use(scope, region, value);
  });
}

/** Puts a value into the state where that has a scalar of its type. */
function use(scope: Scope, region: Region, value: Expression): Statement {
  const targets = scope.leaves.filter(
    ({ base, leaf }) => base === 'state' && valueTypeOf(leaf.storage) === value.type,
  );
  if (region.kind !== 'handler' || targets.length === 0 || scope.source.chance(30)) {
    return declareAs(scope, value.type, value);
  }
  return storeAt(scope, scope.source.pick(targets), value);
}

function assign(scope: Scope): Statement[] {
  const targets = scope.visible.filter(
    ({ id }) => !scope.fixed.has(id) && id >= (scope.section?.first ?? 0),
  );
  if (targets.length === 0) return [declare(scope)];
  const { id, type } = pickOften(scope, targets, (one) => scope.history.isRead({ local: one.id }));
  const value = expression(scope, type, 3);
  scope.history.addChange({ local: id });
  return [{ kind: 'assign', id, value }];
}

/** One of them, often one of those that `isPreferred` holds for. */
function pickOften<T>({ source }: Scope, all: readonly T[], isPreferred: (one: T) => boolean): T {
  const preferred = source.chance(50) ? all.filter(isPreferred) : [];
  return source.pick(preferred.length > 0 ? preferred : all);
}

function pickLeaf(scope: Scope, targets: readonly ScopeLeaf[]): ScopeLeaf {
  return pickOften(scope, targets, ({ leaf }) =>
    scope.history.isRead(bytesOf(leaf, leaf.dimensions)),
  );
}

function store(scope: Scope): Statement[] {
  if (scope.section !== null) return storeInSection(scope, scope.section);
  const target = pickLeaf(
    scope,
    scope.leaves.filter(({ base }) => base === 'state'),
  );
  return [storeAt(scope, target, expression(scope, valueTypeOf(target.leaf.storage), 3))];
}

function storeAt(
  scope: Scope,
  target: ScopeLeaf,
  value: Expression,
): Extract<Statement, { kind: 'store' }> {
  const to = place(scope, target, 1);
  scope.history.addChange(bytesOf(target.leaf, target.leaf.dimensions));
  return { kind: 'store', place: to, value };
}

/** At the index of the round, or merged into what no round reads. */
function storeInSection(scope: Scope, { own, merged }: SectionScope): Statement[] {
  const targets = [...own.keys(), ...merged.keys()];
  if (targets.length === 0) return [declare(scope)];
  const target = pickLeaf(scope, targets);
  const type = valueTypeOf(target.leaf.storage);
  const merge = merged.get(target);
  if (merge === undefined) return [storeAt(scope, target, expression(scope, type, 3))];
  const op = merge === '+' ? scope.source.pick(['+', '-'] as const) : merge;
  const right = expression(scope, type, 2);
  const stored = storeAt(scope, target, right);
  const left: Expression = { kind: 'load', type, place: stored.place };
  return [{ ...stored, value: { kind: 'binary', type, op, left, right }, merge }];
}

function effects(scope: Scope, region: Region): Choice[] {
  const { source, sketch } = scope;
  const message = region.message === null ? undefined : sketch.messages[region.message];
  const choices: Choice[] = [
    [3, () => [send(scope, region)]],
    [2, () => [random(scope)]],
    [2, () => copies(scope, region)],
    [
      1,
      () => {
        const code = expression(scope, source.pick(['u32', 'i32'] as const), 1);
        return [rarely(scope, [{ kind: 'fail', code, site: newSite(scope) }])];
      },
    ],
  ];
  const reply = message?.reply;
  if (reply !== undefined) {
    choices.push([
      3,
      () => {
        const payload = payloadOf(scope, region, reply.layout);
        return [{ kind: 'reply', message: reply.id, size: reply.layout.size, payload }];
      },
    ]);
  }
  if (sketch.emits.length > 0) {
    choices.push([
      3,
      () => {
        const { id, layout } = source.pick(sketch.emits);
        const payload = payloadOf(scope, region, layout);
        return [{ kind: 'emit', message: id, size: layout.size, payload }];
      },
    ]);
  }
  return choices;
}

function send(scope: Scope, region: Region): Statement {
  const { id, layout } = scope.source.pick(scope.sketch.messages);
  return {
    kind: 'send',
    to: expression(scope, 'u32', 1),
    message: id,
    size: layout.size,
    priority: scope.source.pick([0, 1, 2, 3] as const),
    payload: payloadOf(scope, region, layout),
  };
}

function random(scope: Scope): Statement {
  const type = scope.sketch.floats ? scope.source.pick(['u32', 'f32'] as const) : 'u32';
  const variable = scope.add(type, 'drawn');
  scope.visible.push(variable);
  return { kind: 'random', id: variable.id, type };
}

interface Run {
  readonly from: { readonly base: 'state' | 'message'; readonly offset: number };
  readonly type: TypeLayout;
  readonly size: number;
}

/** The arrays and structs that can be copied as a whole. */
function runsOf(base: Run['from']['base'], layout: StructLayout | undefined): Run[] {
  return (layout?.fields ?? [])
    .filter(({ type }) => type.kind === 'array' || type.kind === 'struct')
    .map(({ type, offset, size }) => ({ from: { base, offset }, type, size }));
}

function sources(scope: Scope, { message }: Region, type: TypeLayout): Run[] {
  const layout = message === null ? undefined : scope.sketch.messages[message]?.layout;
  const wanted = JSON.stringify(type);
  return [...runsOf('state', scope.sketch.state), ...runsOf('message', layout)].filter(
    (run) => JSON.stringify(run.type) === wanted,
  );
}

function copies(scope: Scope, region: Region): Statement[] {
  const targets = runsOf('state', scope.sketch.state);
  if (targets.length === 0) return store(scope);
  const bytes = ({ from, size }: Run): { start: number; end: number } => {
    return { start: from.offset, end: from.offset + size };
  };
  const target = pickOften(scope, targets, (run) => scope.history.isRead(bytes(run)));
  const { from, size } = pickOften(
    scope,
    sources(scope, region, target.type),
    (run) => run.from.base !== 'state' || run.from.offset !== target.from.offset,
  );
  scope.history.addChange(bytes(target));
  return [{ kind: 'copy', offset: target.from.offset, size, from }];
}

/** Arrays and structs come whole where there is one to copy; now and then a field is left out. */
function payloadOf(scope: Scope, region: Region, layout: StructLayout): PayloadPart[] {
  return layout.fields.flatMap((field): PayloadPart[] => {
    if (scope.source.chance(5)) return [];
    const whole = field.type.kind === 'scalar' ? [] : sources(scope, region, field.type);
    if (whole.length > 0 && scope.source.chance(70)) {
      const { from, size } = scope.source.pick(whole);
      return [{ kind: 'copy', offset: field.offset, size, from }];
    }
    return scalarsOf({ ...layout, fields: [field] }).map(({ offset, storage }) => ({
      kind: 'scalar',
      offset,
      storage,
      value: expression(scope, valueTypeOf(storage), 2),
    }));
  });
}

function nested(scope: Scope, region: Region): Choice[] {
  const inner = { ...region, depth: region.depth - 1 };
  const block = (count: number, repeats = 1, at: Region = inner): Statement[] =>
    scope.inside(() => statements(scope, at, count), repeats);
  const choices: Choice[] = [
    [
      6,
      () => [
        {
          kind: 'if',
          condition: expression(scope, 'bool', 2),
          then: block(2),
          otherwise: scope.source.chance(50) ? block(2) : [],
        },
      ],
    ],
  ];
  const times = 1 + scope.source.below(5);
  if (scope.repeats * times <= maxRepeats) {
    choices.push([5, () => loop(scope, inner, times)]);
  }
  if (region.kind === 'handler' && scope.repeats * 70 <= maxRepeats) {
    choices.push([2, () => [parallel(scope, inner)]], [2, () => [reduce(scope)]]);
    choices.push([1, () => [scan(scope, inner)]]);
  }
  return choices;
}

/** Counts up or down; the step may do more than count. */
function loop(scope: Scope, region: Region, times: number): Statement[] {
  const { source } = scope;
  const type = source.pick(['i32', 'u32'] as const);
  const down = source.chance(25);
  const [start, end] = down ? [times, 0] : [0, times];
  const counter = scope.add(type, 'k');
  scope.fixed.add(counter.id);
  const number = (value: number): Expression => ({ kind: 'const', type, value });
  const inside = scope.inside(() => {
    scope.visible.push(counter);
    const more: Expression = {
      kind: 'binary',
      type: 'bool',
      op: down ? '>' : source.pick(['<', '!='] as const),
      left: local(counter),
      right: number(end),
    };
    const condition: Expression = source.chance(80)
      ? more
      : { kind: 'binary', type: 'bool', op: '&&', left: more, right: expression(scope, 'bool', 1) };
    const value: Expression = {
      kind: 'binary',
      type,
      op: down ? '-' : '+',
      left: local(counter),
      right: number(1),
    };
    const step: Statement[] = [{ kind: 'assign', id: counter.id, value }];
    const extra = region.kind === 'function' ? assign : store;
    if (source.chance(25)) step.push(...scope.inside(() => extra(scope)));
    const body = scope.inside(() => statements(scope, { ...region, inLoop: true }, 3));
    return { condition, body, step };
  }, times);
  return [
    { kind: 'let', id: counter.id, value: number(start) },
    { kind: 'loop', ...inside },
  ];
}

/** A count of 0 to 70: more than the lanes of a reduction. */
function countOf(scope: Scope, type: ValueType): Expression {
  const { source } = scope;
  if (source.chance(50)) return { kind: 'const', type, value: source.below(70) };
  return {
    kind: 'math',
    type,
    fn: 'min',
    args: [
      type === 'u32' ? expression(scope, type, 1) : constant(scope, type),
      { kind: 'const', type, value: source.below(70) },
    ],
  };
}

function sectionIndex(scope: Scope): Local {
  const variable = scope.add(scope.source.pick(['i32', 'u32'] as const), 'p');
  scope.fixed.add(variable.id);
  return variable;
}

function parallel(scope: Scope, region: Region): Statement {
  const index = sectionIndex(scope);
  const count = countOf(scope, index.type);
  const inner: Region = { ...region, kind: 'parallel', inLoop: false };
  const body = scope.insideSection(index, () => {
    scope.visible.push(index);
    return statements(scope, inner, 2);
  });
  return { kind: 'parallel', count, index: index.id, body };
}

function reduce(scope: Scope): Statement {
  const { source } = scope;
  const index = sectionIndex(scope);
  const type = source.pick(scope.valueTypes.filter((t) => t !== 'bool'));
  const count = countOf(scope, index.type);
  const { body, value } = scope.insideSection(index, () => term(scope, index, type));
  const result = scope.add(type, 'reduced');
  scope.visible.push(result);
  const op = source.pick(['sum', 'min', 'max'] as const);
  return { kind: 'reduce', op, id: result.id, type, count, index: index.id, body, value };
}

/** The body and the value of what each round adds. */
function term(
  scope: Scope,
  index: Local,
  type: ValueType,
): { readonly body: Statement[]; readonly value: Expression } {
  return scope.inside(() => {
    scope.visible.push(index);
    const body = Array.from({ length: scope.source.below(3) }, () => declare(scope));
    return { body, value: expression(scope, type, 2) };
  });
}

function scan(scope: Scope, region: Region): Statement {
  const index = sectionIndex(scope);
  const type = scope.source.pick(scope.valueTypes.filter((t) => t !== 'bool'));
  const count = countOf(scope, index.type);
  return scope.insideSection(index, () => {
    const { body, value } = term(scope, index, type);
    const sum = scope.add(type, 'sum');
    const then = scope.inside(() => {
      scope.visible.push(index, sum);
      return statements(scope, { ...region, kind: 'parallel', inLoop: false }, 2);
    });
    return { kind: 'scan', id: sum.id, type, count, index: index.id, body, value, then };
  });
}
