import type { CallExpression, Expression as EsExpression } from 'acorn';
import { anyNumber, bigints, restrict, typeName } from '../types/index.ts';
import { argumentNodes } from './arguments.ts';
import { lowerCount } from './context-member.ts';
import type { FunctionContext } from './function-context.ts';
import { inPlace, inSection, lowerIteration, lowerTerm, requireOutside } from './parallel.ts';

const name = 'ctx.scan';

/** `ctx.scan(count, i => term, (i, sum) => { … })`: both functions are one section, for they touch the same state. */
export function lowerScan(c: FunctionContext, node: CallExpression): void {
  const [count, first, second] = argumentNodes(c, node, name, 3) as [
    EsExpression,
    EsExpression,
    EsExpression,
  ];
  const term = inPlace(c, first, name, ['index']);
  const use = inPlace(c, second, name, ['index', 'sum']);
  requireOutside(c, node, name);
  const times = lowerCount(c, count);
  const { id: index, result } = inSection(c, 'reduce', name, null, (section, i) => {
    const terms = c.collect(() =>
      inScope(c, [[term.names[0], i]], () => lowerTerm(c, term.body, name)),
    );
    const { type, e: value } = terms.result;
    if (!restrict(type, [...anyNumber, ...bigints])) {
      c.fail(term.body, 'RK2003', `${name} needs numbers, this is ${typeName(type)}`);
    }
    const [own, sum] = use.names;
    const id = c.newLocal(sum ?? 'sum', type);
    section.kind = 'parallel';
    const parameters = [
      [own, i],
      [sum, id],
    ] as const;
    const then = c.collect(() =>
      inScope(c, parameters, () => lowerIteration(c, use.body)),
    ).statements;
    return { id, body: terms.statements, value, then };
  });
  c.emit(node, { kind: 'scan', type: 'i32', count: times.e, index, ...result });
  const emitted = c.out.at(-1) as { type: string };
  const sum = c.readLocal(result.id);
  c.actor.atEnd(() => {
    emitted.type = sum.e.type;
  });
}

/** Runs in a scope of its own, in which the parameters that have names are bound. */
function inScope<T>(
  c: FunctionContext,
  parameters: readonly (readonly [name: string | null | undefined, id: number])[],
  run: () => T,
): T {
  return c.scoped(() => {
    for (const [parameter, id] of parameters) {
      if (parameter) c.bind(parameter, { kind: 'local', id, mutable: false });
    }
    return run();
  });
}
