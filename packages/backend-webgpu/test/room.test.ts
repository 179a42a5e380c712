import { backend } from '@ringkernel/backend-webgpu';
import { allCases, runCase } from '@ringkernel/conformance';
import { expect, test } from 'vitest';

const probe = await backend.probe();
const here = probe.available;

/** Cases whose messages and records are far more than what the device has at first. */
const crowded = [
  'a burst far beyond every queue loses nothing',
  'many actors send to one: nothing lost, each in order',
  'a growing tree in rounds',
  'a long mixed run: several kinds, faults, priorities, pauses',
  'drop-oldest: actors flood a stopped kernel',
  'terminate without time gives back what was not handled as dead letters',
];

for (const name of crowded) {
  test.skipIf(!here)(`${name}: with hardly any memory at the start`, async () => {
    const one = allCases.find((c) => c.name === name);
    expect(one).toBeDefined();
    if (one === undefined) return;
    await runCase(backend, one, { backendOptions: { heapBytes: 4096, egressBytes: 4096 } });
  });
}
