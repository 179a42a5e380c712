import type { Expression, PayloadPart, Place, Statement } from './types.ts';

/** The expressions directly inside an expression, in the order they are evaluated. */
export function childExpressions(e: Expression): readonly Expression[] {
  switch (e.kind) {
    case 'load':
      return placeExpressions(e.place);
    case 'at':
      return [e.index];
    case 'binary':
      return [e.left, e.right];
    case 'unary':
    case 'convert':
      return [e.operand];
    case 'select':
      return [e.condition, e.whenTrue, e.whenFalse];
    case 'math':
    case 'call':
      return e.args;
    default:
      return [];
  }
}

function placeExpressions(place: Place): readonly Expression[] {
  return place.indices.map(({ value }) => value);
}

function payloadExpressions(payload: readonly PayloadPart[]): readonly Expression[] {
  return payload.flatMap((part) => (part.kind === 'scalar' ? [part.value] : []));
}

/** The expressions of a statement itself (not of the statements inside it), in the order they are evaluated. */
export function statementExpressions(s: Statement): readonly Expression[] {
  switch (s.kind) {
    case 'let':
    case 'return':
      return s.value === null ? [] : [s.value];
    case 'assign':
      return [s.value];
    case 'store':
      return [...placeExpressions(s.place), s.value];
    case 'if':
    case 'loop':
      return [s.condition];
    case 'send':
      return [s.to, ...payloadExpressions(s.payload)];
    case 'reply':
    case 'emit':
      return payloadExpressions(s.payload);
    case 'parallel':
      return [s.count];
    case 'reduce':
    case 'scan':
      return [s.count, s.value];
    case 'fail':
      return [s.code];
    default:
      return [];
  }
}

/** The lists of statements directly inside a statement. */
export function childLists(s: Statement): readonly (readonly Statement[])[] {
  switch (s.kind) {
    case 'if':
      return [s.then, s.otherwise];
    case 'loop':
      return [s.body, s.step];
    case 'parallel':
    case 'reduce':
      return [s.body];
    case 'scan':
      return [s.body, s.then];
    default:
      return [];
  }
}

/** A statement whose rounds may run at the same time. */
export type SectionStatement = Extract<Statement, { kind: 'parallel' | 'reduce' | 'scan' }>;

export function isSection(s: Statement): s is Statement & SectionStatement {
  return s.kind === 'parallel' || s.kind === 'reduce' || s.kind === 'scan';
}

/** Whether evaluating it can record a fault. `faulting`: the functions that can; when left out, all. */
export function mayFault(e: Expression, faulting?: ReadonlySet<number>): boolean {
  if (e.kind === 'call' && (faulting === undefined || faulting.has(e.fn))) return true;
  if (e.kind === 'load' && e.place.indices.some(({ safe }) => !safe)) return true;
  return childExpressions(e).some((child) => mayFault(child, faulting));
}

/** The locals that statements declare: an assignment of any other changes something from outside. */
export function declaredLocals(statements: readonly Statement[]): Set<number> {
  const ids = new Set<number>();
  const visit = (s: Statement): void => {
    if (s.kind === 'let' || s.kind === 'random') ids.add(s.id);
    if (isSection(s)) ids.add(s.index);
    if (s.kind === 'reduce' || s.kind === 'scan') ids.add(s.id);
    for (const list of childLists(s)) list.forEach(visit);
  };
  statements.forEach(visit);
  return ids;
}

/** A section without its count, which is evaluated once, before its rounds. */
function roundsOf(s: SectionStatement): readonly Statement[] {
  const count: Expression = { kind: 'const', type: s.count.type, value: 0 };
  return [{ ...s, count }];
}

/** The locals of the handler that rounds of a section read: whoever runs rounds needs their values. */
export function capturedLocals(s: SectionStatement): readonly number[] {
  const own = declaredLocals([s]);
  return [...readLocals(roundsOf(s))].filter((id) => !own.has(id)).sort((a, b) => a - b);
}

/** Whether a round of a section can record a fault. */
export function roundsMayFault(s: SectionStatement): boolean {
  return roundsOf(s).some((statement) => statementMayFault(statement));
}

/** The locals whose values expressions of these statements read, those that they assign not. */
export function readLocals(statements: readonly Statement[]): Set<number> {
  const ids = new Set<number>();
  const expression = (e: Expression): void => {
    if (e.kind === 'local') ids.add(e.id);
    childExpressions(e).forEach(expression);
  };
  const visit = (s: Statement): void => {
    statementExpressions(s).forEach(expression);
    for (const list of childLists(s)) list.forEach(visit);
  };
  statements.forEach(visit);
  return ids;
}

/** Whether a statement, or one inside, can record a fault. */
export function statementMayFault(s: Statement): boolean {
  if (s.kind === 'fail') return true;
  if (s.kind === 'store' && s.place.indices.some(({ safe }) => !safe)) return true;
  if (statementExpressions(s).some((e) => mayFault(e))) return true;
  return childLists(s).some((list) => list.some(statementMayFault));
}
