import {
  CancelledError,
  createRuntime,
  InvalidOptionError,
  KernelFailedError,
  KernelTerminatedError,
  type Runtime,
  TimeoutError,
} from '@ringkernel/runtime';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { expectNothingLost, Probe } from './actors.ts';

describe('receiving', () => {
  let runtime: Runtime;
  beforeEach(async () => {
    runtime = await createRuntime({ backend: 'cpu', backendOptions: { workers: 2 } });
  });
  afterEach(async () => {
    await expectNothingLost(runtime);
    await runtime.close();
  });

  test('the next event, of any type or of one', async () => {
    const probe = await runtime.launch(Probe);
    await probe.send('Tell', { count: 2, base: 10 });
    await probe.send('Other', { value: 5 }, { priority: 'high', correlation: 77n });
    await runtime.settled();
    const aside = await probe.receive('Aside');
    expect(aside).toMatchObject({ type: 'Aside', value: 5, from: 0 });
    expect(aside.id).toBeGreaterThan(0n);
    const first = await probe.receive();
    expect(first).toMatchObject({ type: 'Told', value: 10, index: 0 });
    if (first.type === 'Told') expect(first.index).toBe(0);
    expect(probe.tryReceive('Aside')).toBeUndefined();
    expect(probe.tryReceive()).toMatchObject({ type: 'Told', value: 11 });
    expect(probe.tryReceive()).toBeUndefined();
    expect(first.hlc).toBeLessThan(aside.hlc + (1n << 40n));
  });

  test('who waits first is served first, and only with what it asked for', async () => {
    const probe = await runtime.launch(Probe);
    const waits = [probe.receive('Told'), probe.receive('Aside'), probe.receive()].map(
      async (r) => (await r).value,
    );
    await probe.send('Other', { value: 1 });
    await probe.send('Tell', { count: 2, base: 20 });
    expect(await Promise.all(waits)).toEqual([20, 1, 21]);
  });

  test('one instance at a time', async () => {
    const probes = await runtime.launch(Probe, { instances: 4 });
    for (let i = 0; i < 4; i++) await probes.at(i).send('Tell', { count: 3, base: i * 10 });
    const third = probes.at(2);
    const seen = [await third.receive(), await third.receive('Told'), await third.receive()];
    expect(seen.map((m) => [m.from, m.value])).toEqual([20, 21, 22].map((value) => [2, value]));
    expect(third.tryReceive()).toBeUndefined();
    await runtime.settled();
    expect(probes.status().outputQueueDepth).toBe(9);
  });

  test('for await: in order, until the kernel ends', async () => {
    const probe = await runtime.launch(Probe, { outputQueueCapacity: 100_000 });
    const seen: number[] = [];
    const loop = (async () => {
      for await (const m of probe.receive('Told')) seen.push(m.value);
    })();
    await probe.send('Tell', { count: 5_000, base: 0 });
    await probe.send('Tell', { count: 5_000, base: 5_000 });
    await probe.terminate();
    await loop;
    expect(seen).toEqual(Array.from({ length: 10_000 }, (_, i) => i));
  });

  test('for await over the handle, left early, taken up again', async () => {
    const probe = await runtime.launch(Probe);
    await probe.send('Tell', { count: 4, base: 0 });
    const seen: number[] = [];
    for await (const m of probe) {
      seen.push(m.value);
      if (seen.length === 2) break;
    }
    for await (const m of probe) {
      seen.push(m.value);
      if (seen.length === 4) break;
    }
    expect(seen).toEqual([0, 1, 2, 3]);
  });

  test('nobody answers: a time-out for one, and for a loop only if it is asked for', async () => {
    const probe = await runtime.launch(Probe);
    const one = probe.receive('Told', { timeoutMs: 20 });
    await expect(one).rejects.toThrow(TimeoutError);
    await expect(one).rejects.toThrow("receive Told from kernel 'Probe'");
    const loop = async () => {
      for await (const _ of probe.receive({ timeoutMs: 20 }));
    };
    await expect(loop()).rejects.toThrow(TimeoutError);
    await probe.send('Tell', { count: 1, base: 3 });
    expect(await probe.receive()).toMatchObject({ value: 3 });
  });

  test('a signal', async () => {
    const probe = await runtime.launch(Probe);
    const controller = new AbortController();
    const wait = Promise.resolve(probe.receive({ signal: controller.signal }));
    controller.abort(new Error('enough'));
    await expect(wait).rejects.toThrow(CancelledError);
    await expect(probe.receive({ signal: controller.signal })).rejects.toThrow(CancelledError);
  });

  test('an event that the kernel does not have, options nobody knows', async () => {
    const probe = await runtime.launch(Probe);
    expect(() => probe.receive('Tolt' as 'Told')).toThrow("is it 'Told'?");
    expect(() => probe.tryReceive('Note' as 'Told')).toThrow(InvalidOptionError);
    expect(() => probe.receive({ timeout: 3 } as object)).toThrow(InvalidOptionError);
    expect(() => probe.receive({ timeoutMs: -1 })).toThrow(InvalidOptionError);
  });

  test('the queue is bounded: the oldest goes to the dead letters', async () => {
    const probe = await runtime.launch(Probe, { outputQueueCapacity: 3 });
    await probe.send('Tell', { count: 5, base: 0 });
    await runtime.settled();
    expect(probe.metrics()).toMatchObject({ outputQueueDepth: 3, emitted: 5 });
    expect(probe.metrics().deadLettered['output-full']).toBe(2);
    const letters = runtime.deadLetters.toArray();
    expect(letters).toMatchObject([
      { reason: 'output-full', type: 'Told', source: 64, payload: { value: 0, index: 0 } },
      { reason: 'output-full', type: 'Told', source: 64, payload: { value: 1, index: 0 } },
    ]);
    expect(letters[0]?.typeId).toBe(letters[1]?.typeId);
    expect(await probe.receive()).toMatchObject({ value: 2 });
  });

  test('what came before the end can still be received', async () => {
    const probe = await runtime.launch(Probe);
    const waiting = Promise.resolve(probe.receive('Aside'));
    waiting.catch(() => {});
    await probe.send('Tell', { count: 1, base: 8 });
    await probe.terminate();
    await expect(waiting).rejects.toThrow(KernelTerminatedError);
    expect(await probe.receive()).toMatchObject({ value: 8 });
    await expect(probe.receive()).rejects.toThrow(KernelTerminatedError);
  });

  test('a kernel that has failed ends receivers with the reason', async () => {
    const probe = await runtime.launch(Probe);
    const waiting = Promise.resolve(probe.receive());
    const loop = (async () => {
      for await (const _ of probe);
    })();
    const ends = Promise.allSettled([waiting, loop]);
    await probe.send('Fail', { code: 4 });
    for (const end of await ends) {
      expect(end).toMatchObject({ status: 'rejected', reason: { cause: { value: 4 } } });
      expect((end as PromiseRejectedResult).reason).toBeInstanceOf(KernelFailedError);
    }
  });

  describe('by correlation', () => {
    test('before or after the reply is here', async () => {
      const probe = await runtime.launch(Probe);
      await probe.send('Echo', { value: 1 }, { correlation: 1n });
      await probe.send('Echo', { value: 2 }, { correlation: 2n });
      const early = probe.receiveCorrelated(2n);
      expect(await early).toMatchObject({ type: 'Echo', value: 2, correlation: 2n, from: 0 });
      await runtime.settled();
      expect(await probe.receiveCorrelated(1n)).toMatchObject({ value: 1, seen: 1 });
      expect(probe.status().outputQueueDepth).toBe(0);
    });

    test('only what was sent, and once', async () => {
      const probe = await runtime.launch(Probe);
      await expect(probe.receiveCorrelated(5n)).rejects.toThrow(InvalidOptionError);
      await probe.send('Echo', { value: 1 }, { correlation: 5n });
      const twice = probe.send('Echo', { value: 1 }, { correlation: 5n });
      await expect(twice).rejects.toThrow(InvalidOptionError);
      await probe.receiveCorrelated(5n);
      await expect(probe.receiveCorrelated(5n)).rejects.toThrow(InvalidOptionError);
      for (const correlation of [0n, -1n, 1n << 63n, 3 as unknown as bigint]) {
        const wrong = probe.send('Echo', { value: 1 }, { correlation });
        await expect(wrong).rejects.toThrow(InvalidOptionError);
      }
    });

    test('a time-out can be tried again; a fault is told', async () => {
      const probe = await runtime.launch(Probe);
      await probe.deactivate();
      await probe.send('Echo', { value: 1 }, { correlation: 1n });
      const early = probe.receiveCorrelated(1n, { timeoutMs: 20 });
      await expect(early).rejects.toThrow(TimeoutError);
      await probe.reactivate();
      expect(await probe.receiveCorrelated(1n)).toMatchObject({ value: 1 });
      await probe.send('Fail', { code: 3 }, { correlation: 2n });
      await expect(probe.receiveCorrelated(2n)).rejects.toMatchObject({ code: 'RK_HANDLER_FAULT' });
    });

    test('the store is bounded', async () => {
      const probe = await runtime.launch(Probe, { outputQueueCapacity: 2 });
      for (let i = 1; i <= 3; i++) {
        await probe.send('Echo', { value: i }, { correlation: BigInt(i) });
        await runtime.settled();
      }
      expect(runtime.deadLetters.toArray()).toMatchObject([
        { reason: 'output-full', type: 'Echo', correlation: 1n, payload: { value: 1 } },
      ]);
      await expect(probe.receiveCorrelated(1n)).rejects.toThrow(InvalidOptionError);
      expect(await probe.receiveCorrelated(3n)).toMatchObject({ value: 3 });
    });
  });
});
