import { runSuiteCase, skipReason } from '@ringkernel/conformance';
import type { BackendFactory, DeviceInfo, DeviceOptions } from '@ringkernel/core';
import { suite } from '@ringkernel/runtime/conformance';
import { describe, test } from 'vitest';

/** The first device of a backend, or why there is none. */
export async function firstDevice(factory: BackendFactory): Promise<DeviceInfo | string> {
  const probe = await factory.probe();
  if (!probe.available) return probe.reason;
  return probe.devices[0] ?? `${factory.name} has no device`;
}

/** Every case of the runtime's suite on a backend. Without a device they are skipped, and it says why. */
export function conform(
  factory: BackendFactory,
  device: DeviceInfo | string,
  backendOptions: DeviceOptions['backendOptions'] = {},
): void {
  const missing = typeof device === 'string';
  if (missing) console.warn(`${factory.name} is not tested: ${device}`);
  for (const group of new Set(suite.cases.map((one) => one.group))) {
    describe(`${group} on ${factory.name}, ${JSON.stringify(backendOptions)}`, () => {
      for (const one of suite.cases.filter((c) => c.group === group)) {
        const reason = missing ? device : skipReason(one, device);
        if (reason !== null && !missing) console.warn(`skipped: ${one.name}: ${reason}`);
        test.skipIf(reason !== null)(one.name, async () => {
          const deviceId = missing ? '' : device.id;
          await runSuiteCase(factory, one, { deviceId, backendOptions });
        });
      }
    });
  }
}
