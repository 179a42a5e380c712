/**
 * What runtimes do on top of a backend, as cases that every backend must pass: `ringkernel-conformance --backend NAME
 * --suite @ringkernel/runtime/conformance`, or `runSuiteCase(factory, case)` of `@ringkernel/conformance`.
 */
import type { RuntimeCase } from './case.ts';
import { deadLetters } from './groups/dead-letters.ts';
import { flow } from './groups/flow.ts';
import { pubsub } from './groups/pubsub.ts';
import { recovery } from './groups/recovery.ts';
import { registry } from './groups/registry.ts';
import { routing } from './groups/routing.ts';
import { tenants } from './groups/tenants.ts';

export type { CaseContext, RuntimeCase } from './case.ts';

export const suite: { readonly cases: readonly RuntimeCase[] } = {
  cases: [routing, pubsub, registry, tenants, flow, deadLetters, recovery].flatMap((g) => g.cases),
};
