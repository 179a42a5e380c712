import { backend } from '@ringkernel/backend-cpu';
import { allCases, groups, runCase, skipReason } from '@ringkernel/conformance';
import { describe, test } from 'vitest';

const probe = await backend.probe();
if (!probe.available) throw new Error(probe.reason);
const [device] = probe.devices;
if (device === undefined) throw new Error('the CPU backend reports no device');

// Every case on one worker and on three: results must not depend on how many there are.
for (const workers of [1, 3]) {
  for (const group of groups) {
    describe(`${group}, ${workers} workers`, () => {
      for (const one of allCases.filter((c) => c.group === group)) {
        const reason = skipReason(one, device);
        test.skipIf(reason !== null)(one.name, () =>
          runCase(backend, one, { backendOptions: { workers } }),
        );
      }
    });
  }
}
