import { backend } from '@ringkernel/backend-cpu';
import { allCases, groups, runCase, skipReason } from '@ringkernel/conformance';
import { describe, test } from 'vitest';

const probe = await backend.probe();
if (!probe.available) throw new Error(probe.reason);
const [device] = probe.devices;
if (device === undefined) throw new Error('the CPU backend reports no device');

/** Every case on one worker and on three: results must not depend on how many there are. */
const settings: readonly Setting[] = [
  { of: groups, options: { workers: 1 } },
  { of: groups, options: { workers: 3 } },
  // What handlers do in WebAssembly; the rest is the engine's, whatever they are compiled to.
  { of: ['state', 'numbers', 'faults'], options: { workers: 1, code: 'webassembly' } },
];

interface Setting {
  readonly of: readonly string[];
  readonly options: Readonly<Record<string, unknown>>;
}

for (const { of, options } of settings) {
  for (const group of of) {
    describe(`${group}, ${JSON.stringify(options)}`, () => {
      for (const one of allCases.filter((c) => c.group === group)) {
        const reason = skipReason(one, device);
        test.skipIf(reason !== null)(one.name, () =>
          runCase(backend, one, { backendOptions: options }),
        );
      }
    });
  }
}
