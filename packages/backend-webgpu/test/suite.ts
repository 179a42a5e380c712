import { backend } from '@ringkernel/backend-webgpu';
import { allCases, groups, runCase, skipReason } from '@ringkernel/conformance';
import type { Schedule } from '@ringkernel/core';
import { describe, test } from 'vitest';

const probe = await backend.probe();
const device = probe.available ? probe.devices[0] : undefined;
if (!probe.available) console.warn(`WebGPU is not tested: ${probe.reason}`);

/** The conformance cases of a schedule. A file for each, so that they run side by side. */
export function conform(schedule: Schedule): void {
  run(schedule, groups, {});
}

/** Only these groups, with options of the backend. */
export function run(
  schedule: Schedule,
  wanted: readonly string[],
  backendOptions: Readonly<Record<string, unknown>>,
): void {
  for (const group of wanted) {
    const cases = allCases.filter((one) => one.group === group && one.schedule === schedule);
    if (cases.length === 0) continue;
    describe(group, () => {
      for (const one of cases) {
        const reason = device === undefined ? 'no device' : skipReason(one, device);
        test.skipIf(reason !== null)(one.name, () =>
          runCase(backend, one, { deviceId: device?.id ?? '', backendOptions }),
        );
      }
    });
  }
}
