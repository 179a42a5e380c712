import { simulatedBackend } from '@ringkernel/backend-cuda';
import { allCases, groups, runCase, skipReason } from '@ringkernel/conformance';
import type { BackendFactory } from '@ringkernel/core';
import { describe, test } from 'vitest';
import { noSimulation } from './simulation.ts';

const probe = await simulatedBackend.probe();
const device = probe.available ? probe.devices[0] : undefined;

// On one worker and on three, with each kind of memory, in one launch and in slices, with a dispatcher of one lane and of
// four: results must not depend on them.
const variants: readonly Readonly<Record<string, unknown>>[] = [
  { workers: 1 },
  { workers: 3, hostMemory: 'webassembly', sliceMs: 2, handlerTimeoutMs: 60_000 },
  { workers: 2, simulationFlags: ['-DRK_WARP=4u'] },
];

/** Every kernel that is small enough has a worker for each instance. */
const dedicatedBackend: BackendFactory = {
  ...simulatedBackend,
  async open(options) {
    const device = await simulatedBackend.open(options);
    const launch = device.launch.bind(device);
    device.launch = (image, settings, sink) =>
      launch(image, { ...settings, dedicated: settings.instances <= 24 }, sink);
    return device;
  },
};

for (const one of allCases.filter(({ schedule }) => schedule === 'async')) {
  const reason = device === undefined ? null : skipReason(one, device);
  describe.skipIf(noSimulation !== null)(`${one.group}, dedicated`, () => {
    test.skipIf(reason !== null)(one.name, () => runCase(dedicatedBackend, one, {}));
  });
}

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

// Sections, and what goes on around them, where a warp or a block serves an instance.
for (const form of ['warp', 'block']) {
  for (const group of groups.filter((name) => ['sections', 'faults', 'lockstep'].includes(name))) {
    describe.skipIf(noSimulation !== null)(`${group}, form ${form}`, () => {
      for (const one of allCases.filter((c) => c.group === group)) {
        const reason = device === undefined ? null : skipReason(one, device);
        test.skipIf(reason !== null)(one.name, () =>
          runCase(simulatedBackend, one, { backendOptions: { form, workers: 1 } }),
        );
      }
    });
  }
}
