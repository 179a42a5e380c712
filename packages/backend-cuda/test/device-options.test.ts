import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { openGoing, sendGo } from './going.ts';
import { noSimulation } from './simulation.ts';

describe.skipIf(noSimulation !== null)('a device', () => {
  test('holds as many messages as it has slots, and its lane as many as that has', async () => {
    const { device, kernel, went } = await openGoing({ messageSlots: 128, laneCapacity: 32 });
    let accepted = 0;
    // The device takes what it has slots for, then nothing more: the kernel is not active.
    while (accepted < 128 + 32) {
      if (sendGo(kernel) === 'accepted') accepted++;
      else await setTimeout(1);
    }
    await setTimeout(1);
    expect(sendGo(kernel)).toBe('full');
    await kernel.activate();
    await device.settled();
    expect(went()).toBe(128 + 32);
    await device.close();
  });

  test('is polled by the event loop as long as hotUs says, which never rests meanwhile', async () => {
    const rests: boolean[] = [];
    for (const hotUs of [0, 1_000_000]) {
      const { device, kernel, went } = await openGoing({ hotUs });
      await kernel.activate();
      sendGo(kernel);
      while (went() === 0) await setTimeout(1);
      const before = performance.eventLoopUtilization();
      await setTimeout(20);
      rests.push(performance.eventLoopUtilization(before).idle > 0);
      await device.close();
    }
    expect(rests).toEqual([true, false]);
  });

  test('shares memory with the host that is of the kind that hostMemory says', async () => {
    for (const [hostMemory, call] of [
      ['driver', 'cuMemHostAlloc'],
      ['webassembly', 'cuMemHostRegister_v2'],
    ] as const) {
      process.env.RK_SIM_FAIL = `${call}:2`;
      try {
        const refused = { code: 'RK_CUDA_DRIVER', call, resultName: 'CUDA_ERROR_OUT_OF_MEMORY' };
        await expect(openGoing({ hostMemory })).rejects.toMatchObject(refused);
        const other = hostMemory === 'driver' ? 'webassembly' : 'driver';
        const { device } = await openGoing({ hostMemory: other });
        await device.close();
      } finally {
        delete process.env.RK_SIM_FAIL;
      }
    }
  });

  test('takes as much memory for a kernel as is said', async () => {
    const stateBytes = 48; // 40, rounded up
    for (const [instances, cells, workers, rollback] of [
      [1, 2, 1, false],
      [1023, 1024, 3, false],
      [1024, 2048, 2, true],
    ] as const) {
      const maxPayloadBytes = 128;
      const { device, kernel } = await openGoing(
        { maxPayloadBytes, workers },
        { instances, rollback },
      );
      const ofInstances = instances * (stateBytes + 104 + 8) + cells * 8;
      const ofWorkers = workers * (maxPayloadBytes + 64 + 40 + (rollback ? stateBytes : 0));
      const more = kernel.counters().memoryBytes - ofInstances - ofWorkers;
      expect(more).toBeGreaterThan(0);
      expect(more).toBeLessThanOrEqual(10_240);
      await device.close();
    }
  });

  test('has room for so many instances of a kernel, and says how many', async () => {
    const limit = 41_297_762;
    expect(limit).toBe(Math.floor((2 ** 32 - 1) / 104));
    const refused = { code: 'RK_DEVICE_LIMIT', wanted: limit + 1, limit };
    await expect(openGoing({}, { instances: limit + 1 })).rejects.toMatchObject(refused);
    const many = { code: 'RK_CUDA_DRIVER', resultName: 'CUDA_ERROR_OUT_OF_MEMORY' };
    await expect(openGoing({}, { instances: limit })).rejects.toMatchObject(many);
  });

  test('that another thread has opened on the same GPU is no hindrance, only refused', async () => {
    const { device, kernel, went } = await openGoing({});
    await kernel.activate();
    const module = new URL('../dist/index.js', import.meta.url).href;
    const script = `
      const { workerData, parentPort } = require('node:worker_threads');
      import(workerData).then(({ simulatedBackend }) => simulatedBackend.open({})).then(
        () => parentPort.postMessage({}),
        ({ code, message }) => parentPort.postMessage({ code, message }),
      );`;
    const thread = new Worker(script, { eval: true, workerData: module });
    const [answer] = await once(thread, 'message');
    expect(answer).toMatchObject({
      code: 'RK_CUDA_DRIVER',
      message: expect.stringContaining('could hang while a kernel runs'),
    });
    await thread.terminate();
    sendGo(kernel);
    await device.settled();
    expect(went()).toBe(1);
    await device.close();
  });

  test('that is lost counts what had no end yet', async () => {
    const { device, kernel } = await openGoing({});
    for (let i = 0; i < 3; i++) expect(sendGo(kernel)).toBe('accepted');
    process.env.RK_SIM_FAIL = 'cuStreamQuery:700';
    try {
      expect((await device.lost).message).toContain('CUDA_ERROR_ILLEGAL_ADDRESS');
    } finally {
      delete process.env.RK_SIM_FAIL;
    }
    const { sent, pending, deadLettered } = kernel.counters();
    expect([sent, pending, deadLettered['device-lost']]).toEqual([3, 0, 3]);
    await device.close();
  });
});
