import {
  CancelledError,
  createRuntime,
  InvalidOptionError,
  type PriorityName,
  RingKernelError,
  type Runtime,
  TimeoutError,
} from '@ringkernel/runtime';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { expectNothingLost, Probe } from './actors.ts';

const priorities: readonly PriorityName[] = ['low', 'normal', 'high', 'critical'];

describe('calls', () => {
  let runtime: Runtime;
  beforeEach(async () => {
    runtime = await createRuntime({ backend: 'cpu', backendOptions: { workers: 2 } });
  });
  afterEach(async () => {
    await expectNothingLost(runtime);
    await runtime.close();
  });

  test('a thousand at once, of all priorities, each get their own reply', async () => {
    const probes = await runtime.launch(Probe, { instances: 16, autoActivate: false });
    const order: number[] = [];
    const calls = Array.from({ length: 1_000 }, async (_, value) => {
      const index = (value * 7) % 16;
      const options = { priority: priorities[value % 4] as PriorityName };
      const reply = await probes.at(index).call('Echo', { value }, options);
      order.push(value);
      return reply.value === value && reply.index === index;
    });
    await probes.activate();
    const matched = await Promise.all(calls);
    expect(matched.filter((same) => !same)).toEqual([]);
    // Priorities make it certain that replies come in another order than calls.
    expect(order).not.toEqual(order.toSorted((a, b) => a - b));
  });

  test('higher priorities are handled first, equal ones in the order sent', async () => {
    // Again and again: urgent messages that nobody waited for must not count against later ones.
    for (let round = 0; round < 10; round++) {
      const probe = await runtime.launch(Probe, { id: `${round}`, autoActivate: false });
      const calls = Array.from({ length: 40 }, (_, value) =>
        probe.call('Echo', { value }, { priority: priorities[value % 4] as PriorityName }),
      );
      await probe.activate();
      const replies = await Promise.all(calls);
      const handled = replies.toSorted((a, b) => a.seen - b.seen).map(({ value }) => value);
      const wanted = Array.from({ length: 40 }, (_, value) => value).toSorted(
        (a, b) => (b % 4) - (a % 4) || a - b,
      );
      expect(handled).toEqual(wanted);
    }
  });

  test('one after the other', async () => {
    const probe = await runtime.launch(Probe);
    for (let value = 0; value < 500; value++) {
      expect(await probe.call('Echo', { value })).toEqual({ value, index: 0, seen: value + 1 });
    }
  });

  test('a reply that never comes is a time-out', async () => {
    const probe = await runtime.launch(Probe);
    const call = probe.call('Silent', { value: 1 }, { timeoutMs: 30 });
    await expect(call).rejects.toThrow(TimeoutError);
    await expect(call).rejects.toMatchObject({
      code: 'RK_TIMEOUT',
      timeoutMs: 30,
      operation: "call Silent of instance 0 of kernel 'Probe'",
    });
  });

  test('a reply that comes too late is a dead letter, and nobody else gets it', async () => {
    const probe = await runtime.launch(Probe);
    await probe.deactivate();
    await expect(probe.call('Echo', { value: 1 }, { timeoutMs: 20 })).rejects.toThrow(TimeoutError);
    const second = probe.call('Echo', { value: 2 });
    await probe.reactivate();
    expect(await second).toMatchObject({ value: 2, seen: 2 });
    await runtime.settled();
    expect(runtime.deadLetters.toArray()).toMatchObject([
      { reason: 'late-reply', type: 'Echo', payload: { value: 1, index: 0, seen: 1 } },
    ]);
    expect(runtime.summary().deadLetteredByReason['late-reply']).toBe(1);
    expect(probe.metrics().deadLettered['late-reply']).toBe(1);
  });

  test('a signal ends the wait, before or after it began', async () => {
    const probe = await runtime.launch(Probe);
    const controller = new AbortController();
    const reason = new Error('changed my mind');
    const call = probe.call('Silent', { value: 1 }, { signal: controller.signal });
    controller.abort(reason);
    await expect(call).rejects.toThrow(CancelledError);
    await expect(call).rejects.toMatchObject({ cause: reason });
    const before = probe.metrics().sent;
    const late = probe.call('Echo', { value: 1 }, { signal: controller.signal });
    await expect(late).rejects.toThrow(CancelledError);
    expect(probe.metrics().sent).toBe(before);
  });

  test('only a message with a reply can be called', async () => {
    const probe = await runtime.launch(Probe);
    const note = 'Note' as 'Echo';
    await expect(probe.call(note, { value: 1 })).rejects.toThrow(InvalidOptionError);
  });

  test('time-outs of different lengths expire in their own time', async () => {
    const probe = await runtime.launch(Probe);
    const ended: number[] = [];
    const calls = [90, 30, 60].map((timeoutMs) =>
      probe.call('Silent', { value: 0 }, { timeoutMs }).catch((error: RingKernelError) => {
        expect(error).toBeInstanceOf(RingKernelError);
        ended.push(timeoutMs);
      }),
    );
    await Promise.all(calls);
    expect(ended).toEqual([30, 60, 90]);
  });

  test('a call waits for room in a full mailbox', async () => {
    const probe = await runtime.launch(Probe, { queueCapacity: 4, autoActivate: false });
    const calls = Array.from({ length: 20 }, (_, value) => probe.call('Echo', { value }));
    expect(probe.metrics().waitingSenders).toBe(16);
    await probe.activate();
    const replies = await Promise.all(calls);
    expect(replies.map(({ value }) => value)).toEqual(replies.map((_, i) => i));
  });

  test('a call gives up its place in the line when its time is over', async () => {
    const probe = await runtime.launch(Probe, { queueCapacity: 2, autoActivate: false });
    await probe.sendBatch('Note', [{ value: 1 }, { value: 2 }]);
    const call = probe.call('Echo', { value: 3 }, { timeoutMs: 20 });
    await expect(call).rejects.toThrow(TimeoutError);
    expect(probe.metrics()).toMatchObject({ waitingSenders: 0, sent: 3, rejected: 1 });
    await probe.activate();
    await runtime.settled();
    expect(probe.metrics().handled).toBe(2);
  });
});
