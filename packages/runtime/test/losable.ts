import type { Worker } from 'node:worker_threads';
import { backend as cpu } from '@ringkernel/backend-cpu';
import type { BackendFactory, Device } from '@ringkernel/core';

/** The CPU backend as a third party's, with a way to kill one of its workers from outside. */
export function losable(): {
  readonly backend: BackendFactory;
  readonly lose: () => Promise<void>;
} {
  const workers: Worker[] = [];
  const collect = (worker: Worker) => workers.push(worker);
  let device: Device | undefined;
  const backend: BackendFactory = {
    name: 'losable',
    probe: () => cpu.probe(),
    async open(options) {
      process.on('worker', collect);
      try {
        device = await cpu.open(options);
      } finally {
        process.off('worker', collect);
      }
      return device;
    },
  };
  const lose = async () => {
    await workers[0]?.terminate();
    await device?.lost;
  };
  return { backend, lose };
}
