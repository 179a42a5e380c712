import { backend } from '@ringkernel/backend-webgpu';
import { allCases, groups, runCase, skipReason } from '@ringkernel/conformance';
import { describe, test } from 'vitest';

const probe = await backend.probe();
const device = probe.available ? probe.devices[0] : undefined;
if (!probe.available) console.warn(`WebGPU is not tested: ${probe.reason}`);

for (const group of groups) {
  describe(group, () => {
    for (const one of allCases.filter((c) => c.group === group)) {
      const reason = device === undefined ? 'no device' : skipReason(one, device);
      test.skipIf(reason !== null)(one.name, () =>
        runCase(backend, one, { deviceId: device?.id ?? '' }),
      );
    }
  });
}
