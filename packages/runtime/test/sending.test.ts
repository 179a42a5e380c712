import {
  CancelledError,
  createRuntime,
  InvalidOptionError,
  KernelTerminatedError,
  QueueFullError,
  type Runtime,
  SchemaError,
  TimeoutError,
  UndeliveredError,
  UnknownMessageError,
} from '@ringkernel/runtime';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Counter, expectNothingLost, Probe } from './actors.ts';

function values(count: number): { value: number }[] {
  return Array.from({ length: count }, (_, value) => ({ value }));
}

describe('sending', () => {
  let runtime: Runtime;
  beforeEach(async () => {
    runtime = await createRuntime({ backend: 'cpu', backendOptions: { workers: 2 } });
  });
  afterEach(async () => {
    await expectNothingLost(runtime);
    await runtime.close();
  });

  test('gives each message an id of its own', async () => {
    const probe = await runtime.launch(Probe);
    const ids = await Promise.all(values(100).map((m) => probe.send('Note', m)));
    expect(new Set(ids).size).toBe(100);
    expect(ids.every((id) => id > 0n)).toBe(true);
    expect(ids).toEqual(ids.toSorted((a, b) => (a < b ? -1 : 1)));
  });

  test('a name that is no message', async () => {
    const probe = await runtime.launch(Probe);
    const wrong = 'Ecko' as 'Echo';
    await expect(probe.send(wrong, { value: 1 })).rejects.toThrow(UnknownMessageError);
    await expect(probe.send(wrong, { value: 1 })).rejects.toMatchObject({ hint: "is it 'Echo'?" });
    await expect(probe.sendBatch(wrong, values(1))).rejects.toThrow(UnknownMessageError);
    await expect(probe.call(wrong, { value: 1 })).rejects.toThrow(UnknownMessageError);
    expect(() => probe.trySend(wrong, { value: 1 })).toThrow(UnknownMessageError);
    expect(probe.metrics().sent).toBe(0);
  });

  test('a payload that does not fit its schema never gets near a mailbox', async () => {
    const probe = await runtime.launch(Probe);
    const bad = { value: 'seven' } as unknown as { value: number };
    const long = { values: [1, 2, 3, 4, 5] };
    await expect(probe.send('Note', bad)).rejects.toThrow(SchemaError);
    await expect(probe.send('Note', bad)).rejects.toThrow('Probe.Note.value');
    await expect(probe.send('Write', long)).rejects.toThrow(SchemaError);
    await expect(probe.call('Echo', bad)).rejects.toThrow(SchemaError);
    await expect(probe.sendBatch('Note', [{ value: 1 }, bad])).rejects.toThrow(SchemaError);
    expect(() => probe.trySend('Note', bad)).toThrow(SchemaError);
    expect(await probe.call('Echo', { value: 3 })).toEqual({ value: 3, index: 0, seen: 2 });
    expect(probe.metrics()).toMatchObject({ sent: 2, handled: 2 });
  });

  test('an instance that does not exist', async () => {
    const probes = await runtime.launch(Probe, { instances: 3 });
    for (const index of [-1, 3, 1.5, Number.NaN]) {
      expect(() => probes.at(index)).toThrow(InvalidOptionError);
    }
    expect([probes.address, probes.at(2).address]).toEqual([64, 66]);
  });

  test('every instance gets its own messages', async () => {
    const probes = await runtime.launch(Probe, { instances: 100 });
    for (let i = 0; i < 100; i++) await probes.at(i).sendBatch('Note', values(i));
    const replies = await Promise.all(
      values(100).map(({ value }) => probes.at(value).call('Echo', { value })),
    );
    expect(replies.map(({ seen }) => seen)).toEqual(values(100).map(({ value }) => value + 1));
  });

  test('a handle or its address can be sent', async () => {
    const [a, b] = [await runtime.launch(Probe), await runtime.launch(Probe, { id: 'b' })];
    await a.send('Forward', { to: b.address, value: 1 });
    await runtime.settled();
    expect(b.metrics().handled).toBe(1);
  });

  test('reject: a full mailbox is an error at once', async () => {
    const probe = await runtime.launch(Probe, {
      queueCapacity: 3,
      onFull: 'reject',
      autoActivate: false,
    });
    for (const m of values(3)) await probe.send('Note', m);
    const full = probe.send('Note', { value: 3 });
    await expect(full).rejects.toThrow(QueueFullError);
    await expect(full).rejects.toMatchObject({ kernelId: 'Probe', instance: 0, capacity: 3 });
    await expect(probe.call('Echo', { value: 3 })).rejects.toThrow(QueueFullError);
    expect(probe.trySend('Note', { value: 3 })).toBe(false);
    expect(await probe.sendBatch('Note', values(5))).toBe(0);
    expect(probe.metrics()).toMatchObject({ sent: 7, rejected: 4, pending: 3 });
    await probe.activate();
    await runtime.settled();
    expect(probe.metrics()).toMatchObject({ sent: 7, rejected: 4, handled: 3, pending: 0 });
  });

  test('wait: senders stand in line, in order, until there is room', async () => {
    const probe = await runtime.launch(Counter, { queueCapacity: 2, autoActivate: false });
    const sends = values(50).map(({ value }) => probe.send('Add', { by: value }));
    expect(probe.metrics()).toMatchObject({ waitingSenders: 48, sent: 2, pending: 2 });
    expect(probe.trySend('Add', { by: 0 })).toBe(false);
    await probe.activate();
    const ids = await Promise.all(sends);
    expect(ids).toEqual(ids.toSorted((a, b) => (a < b ? -1 : 1)));
    expect(await probe.call('Get', {})).toEqual({ count: 50, total: 1225n });
    expect(probe.metrics()).toMatchObject({ waitingSenders: 0, rejected: 1 });
  });

  test('wait: the payload is the one there was when it was sent', async () => {
    const probe = await runtime.launch(Counter, { queueCapacity: 1, autoActivate: false });
    const payload = { by: 1 };
    const sends = [probe.send('Add', payload), probe.send('Add', payload)];
    payload.by = 100;
    await probe.activate();
    await Promise.all(sends);
    expect((await probe.call('Get', {})).total).toBe(2n);
  });

  test('wait: no room in time, or a signal', async () => {
    const probe = await runtime.launch(Probe, { queueCapacity: 1, autoActivate: false });
    await probe.send('Note', { value: 0 });
    const late = probe.send('Note', { value: 1 }, { timeoutMs: 20 });
    await expect(late).rejects.toThrow(TimeoutError);
    await expect(late).rejects.toHaveProperty('cause.code', 'RK_QUEUE_FULL');
    const controller = new AbortController();
    const aborted = probe.send('Note', { value: 1 }, { signal: controller.signal });
    controller.abort();
    await expect(aborted).rejects.toThrow(CancelledError);
    const again = probe.send('Note', { value: 1 }, { signal: controller.signal });
    await expect(again).rejects.toThrow(CancelledError);
    expect(await probe.sendBatch('Note', values(3), { timeoutMs: 20 })).toBe(0);
    expect(probe.metrics()).toMatchObject({ sent: 4, rejected: 3, pending: 1, waitingSenders: 0 });
  });

  test('wait: a batch tells how much of it was taken', async () => {
    const probe = await runtime.launch(Probe, { queueCapacity: 5, autoActivate: false });
    expect(await probe.sendBatch('Note', values(8), { timeoutMs: 20 })).toBe(5);
    await probe.activate();
    expect(await probe.sendBatch('Note', values(2_000))).toBe(2_000);
  });

  test('drop-oldest: the oldest of the lowest priority gives way', async () => {
    const probe = await runtime.launch(Probe, {
      queueCapacity: 2,
      onFull: 'drop-oldest',
      autoActivate: false,
    });
    const dropped = probe.call('Echo', { value: 1 }).catch((error: unknown) => error);
    await probe.send('Note', { value: 2 }, { priority: 'high' });
    await probe.send('Note', { value: 3 });
    expect(await dropped).toBeInstanceOf(UndeliveredError);
    expect(await dropped).toMatchObject({ reason: 'queue-full', messageName: 'Echo' });
    await probe.activate();
    await runtime.settled();
    expect(probe.metrics()).toMatchObject({ sent: 3, handled: 2, rejected: 0 });
    expect(runtime.deadLetters.toArray()).toMatchObject([
      { reason: 'queue-full', type: 'Echo', source: 0, destination: 64, payload: { value: 1 } },
    ]);
  });

  test('a deadline that passes while the message waits', async () => {
    const probe = await runtime.launch(Probe, { autoActivate: false });
    const call = probe.call('Echo', { value: 1 }, { deadlineMs: 1 });
    const other = probe.call('Echo', { value: 2 }, { deadlineMs: 600_000 });
    const expired = expect(call).rejects.toMatchObject({
      code: 'RK_UNDELIVERED',
      reason: 'expired',
    });
    await new Promise((resolve) => setTimeout(resolve, 30));
    await probe.activate();
    await expired;
    expect(await other).toMatchObject({ value: 2, seen: 1 });
  });

  test('deactivated: messages wait, and are handled on reactivation', async () => {
    const probe = await runtime.launch(Probe);
    await probe.deactivate();
    await probe.sendBatch('Note', values(10));
    const call = probe.call('Echo', { value: 1 });
    await runtime.settled();
    expect(probe.status()).toMatchObject({ state: 'deactivated', pending: 11, handled: 0 });
    await probe.reactivate();
    expect(await call).toMatchObject({ seen: 11 });
  });

  test('terminating and terminated: nothing is taken, whoever waits is told', async () => {
    const probe = await runtime.launch(Probe, { queueCapacity: 1, autoActivate: false });
    const first = probe.call('Echo', { value: 1 });
    const waiting = probe.send('Note', { value: 2 });
    const waitingCall = probe.call('Echo', { value: 3 });
    const settled = Promise.allSettled([first, waiting, waitingCall]);
    const ended = probe.terminate({ timeoutMs: 0 });
    await expect(probe.send('Note', { value: 4 })).rejects.toThrow(KernelTerminatedError);
    expect(await ended).toEqual({ drained: false });
    const [a, b, c] = (await settled).map((s) => (s.status === 'rejected' ? s.reason : s));
    expect(a).toMatchObject({ code: 'RK_UNDELIVERED', reason: 'terminated' });
    expect(b).toBeInstanceOf(KernelTerminatedError);
    expect(c).toBeInstanceOf(KernelTerminatedError);
    expect(() => probe.trySend('Note', { value: 5 })).toThrow(KernelTerminatedError);
    await expect(probe.call('Echo', { value: 6 })).rejects.toThrow(KernelTerminatedError);
    await expect(probe.sendBatch('Note', values(2))).rejects.toThrow(KernelTerminatedError);
  });

  test('terminate handles what waits before it ends', async () => {
    const probe = await runtime.launch(Probe);
    const calls = values(200).map((m) => probe.call('Echo', m));
    const ended = probe.terminate();
    expect((await Promise.all(calls)).length).toBe(200);
    expect(await ended).toEqual({ drained: true });
  });

  test('a message to nobody is a dead letter of its sender', async () => {
    const probe = await runtime.launch(Probe);
    await probe.send('Forward', { to: 9_999, value: 7 });
    await runtime.settled();
    expect(runtime.deadLetters.toArray()).toMatchObject([
      { reason: 'not-found', kernelId: 'Probe', type: 'Note', source: 64, destination: 9_999 },
    ]);
    expect(runtime.summary().counts).toMatchObject({ sent: 2, handled: 1, deadLettered: 1 });
  });

  test('a reply that nobody asked for is a dead letter', async () => {
    const probe = await runtime.launch(Probe);
    await probe.send('Echo', { value: 9 });
    await runtime.settled();
    expect(runtime.deadLetters.toArray()).toMatchObject([
      { reason: 'no-reply-expected', type: 'Echo', payload: { value: 9, index: 0, seen: 1 } },
    ]);
  });
});
