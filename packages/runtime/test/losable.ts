import type { Worker } from 'node:worker_threads';
import { backend as cpu } from '@ringkernel/backend-cpu';
import type { BackendFactory, Device } from '@ringkernel/core';

/** The CPU backend as a third party's, with a way to kill its workers from outside until it gives up. */
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
      device = await cpu.open(options);
      return device;
    },
  };
  const lose = async () => {
    let isLost = false;
    const lost = device?.lost.then(() => {
      isLost = true;
    });
    // One that was killed is replaced at once, but not for ever.
    for (let next = workers.shift(); next !== undefined && !isLost; next = workers.shift()) {
      await next.terminate();
    }
    await lost;
    process.off('worker', collect);
  };
  return { backend, lose };
}
