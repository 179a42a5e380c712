import type { Expression, IrFunction, Module, PayloadPart, Place, Statement } from './types.ts';

export type RewriteExpression = (e: Expression) => Expression;
export type RewriteList = (statements: readonly Statement[]) => readonly Statement[];

/** The same expression with each direct child replaced. */
export function mapChildren(e: Expression, f: RewriteExpression): Expression {
  switch (e.kind) {
    case 'load':
      return { ...e, place: mapPlace(e.place, f) };
    case 'at':
      return { ...e, index: f(e.index) };
    case 'binary':
      return { ...e, left: f(e.left), right: f(e.right) };
    case 'unary':
    case 'convert':
      return { ...e, operand: f(e.operand) };
    case 'select':
      return {
        ...e,
        condition: f(e.condition),
        whenTrue: f(e.whenTrue),
        whenFalse: f(e.whenFalse),
      };
    case 'math':
    case 'call':
      return { ...e, args: e.args.map(f) };
    default:
      return e;
  }
}

export function mapPlace(place: Place, f: RewriteExpression): Place {
  return { ...place, indices: place.indices.map((index) => ({ ...index, value: f(index.value) })) };
}

function mapPayload(payload: readonly PayloadPart[], f: RewriteExpression): PayloadPart[] {
  return payload.map((part) => (part.kind === 'scalar' ? { ...part, value: f(part.value) } : part));
}

/** The same statement with its own expressions replaced by `f` and the lists inside it by `list`. */
export function mapStatement(s: Statement, f: RewriteExpression, list: RewriteList): Statement {
  switch (s.kind) {
    case 'let':
    case 'return':
      return { ...s, value: s.value === null ? null : f(s.value) };
    case 'assign':
      return { ...s, value: f(s.value) };
    case 'store':
      return { ...s, place: mapPlace(s.place, f), value: f(s.value) };
    case 'if':
      return {
        ...s,
        condition: f(s.condition),
        then: list(s.then),
        otherwise: list(s.otherwise),
      };
    case 'loop':
      return { ...s, condition: f(s.condition), body: list(s.body), step: list(s.step) };
    case 'send':
      return { ...s, to: f(s.to), payload: mapPayload(s.payload, f) };
    case 'reply':
    case 'emit':
      return { ...s, payload: mapPayload(s.payload, f) };
    case 'parallel':
      return { ...s, count: f(s.count), body: list(s.body) };
    case 'reduce':
      return { ...s, count: f(s.count), body: list(s.body), value: f(s.value) };
    case 'scan':
      return {
        ...s,
        count: f(s.count),
        body: list(s.body),
        value: f(s.value),
        then: list(s.then),
      };
    case 'fail':
      return { ...s, code: f(s.code) };
    default:
      return s;
  }
}

/** The same module with the body of every function and handler replaced. */
export function mapFunctions(module: Module, f: (fn: IrFunction) => IrFunction): Module {
  return { ...module, handlers: module.handlers.map(f), functions: module.functions.map(f) };
}
