import { simulatedBackend } from '@ringkernel/backend-cuda';
import { allCases, groups, runCase, skipReason } from '@ringkernel/conformance';
import { describe, test } from 'vitest';
import { noSimulation } from './simulation.ts';

const probe = await simulatedBackend.probe();
const device = probe.available ? probe.devices[0] : undefined;

// On one worker and on three, with each kind of memory, in one launch and in slices: results must not depend on them.
const variants: readonly Readonly<Record<string, unknown>>[] = [
  { workers: 1 },
  { workers: 3, hostMemory: 'webassembly', sliceMs: 2, handlerTimeoutMs: 60_000 },
];

for (const backendOptions of variants) {
  for (const group of groups) {
    describe.skipIf(noSimulation !== null)(`${group}, ${JSON.stringify(backendOptions)}`, () => {
      for (const one of allCases.filter((c) => c.group === group)) {
        const reason = device === undefined ? null : skipReason(one, device);
        test.skipIf(reason !== null)(one.name, () =>
          runCase(simulatedBackend, one, { backendOptions }),
        );
      }
    });
  }
}
