import {
  createRuntime,
  DeviceLostError,
  HandlerFaultError,
  KernelFailedError,
  type KernelFault,
  type Runtime,
  UndeliveredError,
} from '@ringkernel/runtime';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Counter, expectCounted, expectNothingLost, Probe } from './actors.ts';
import { losable } from './losable.ts';

describe('faults', () => {
  let runtime: Runtime;
  let seen: KernelFault[];
  beforeEach(async () => {
    runtime = await createRuntime({ backend: 'cpu', backendOptions: { workers: 2 } });
    seen = [];
    runtime.onFault((fault) => seen.push(fault));
  });
  afterEach(async () => {
    await expectNothingLost(runtime);
    await runtime.close();
  });

  test('the caller is told what failed, where, and with which value', async () => {
    const probe = await runtime.launch(Probe, { instances: 2 });
    const error = await probe
      .at(1)
      .call('Fail', { code: 42 })
      .catch((e: unknown) => e);
    expect(error).toBeInstanceOf(HandlerFaultError);
    expect(error).toMatchObject({ kernelId: 'Probe', instance: 1, value: 42 });
    expect((error as HandlerFaultError).site).toMatch(/^ctx\.fail at .+:\d+:\d+ \(Fail\)$/);
    expect((error as HandlerFaultError).site).toContain('actors.ts');
    expect(seen).toEqual([{ kernelId: 'Probe', instance: 1, type: 'Fail', error }]);
    expect(probe.faults()).toEqual(seen);
    expect(probe.metrics().errors).toBe(1);
  });

  test('an index out of range is 0 and a fault: a reply that was made goes out', async () => {
    const probe = await runtime.launch(Probe);
    expect(await probe.call('Reach', { at: 3 })).toEqual({ value: 0 });
    expect(await probe.call('Reach', { at: 4 })).toEqual({ value: 0 });
    await runtime.settled();
    expect(probe.faults()).toHaveLength(1);
    const [fault] = seen;
    expect(fault?.error.message).toMatch(/index out of range at .+:\d+:\d+ \(Reach\), value 4/);
    expect(probe.state).toBe('failed');
  });

  test('the other instances go on, the failed one handles nothing more', async () => {
    const probes = await runtime.launch(Probe, { instances: 3 });
    const calls = [1, 2].map((value) => probes.at(1).call('Echo', { value }));
    expect(await Promise.all(calls)).toHaveLength(2);
    await expect(probes.at(1).call('Fail', { code: 1 })).rejects.toThrow(HandlerFaultError);
    const later = probes.at(1).call('Echo', { value: 3 });
    await expect(later).rejects.toThrow(UndeliveredError);
    await expect(later).rejects.toMatchObject({ reason: 'instance-failed', instance: 1 });
    expect(await probes.at(2).call('Echo', { value: 4 })).toMatchObject({ value: 4 });
    expect(probes.status()).toMatchObject({ state: 'active', failedInstances: 1 });
    expect(runtime.summary().deadLetteredByReason['instance-failed']).toBe(1);
  });

  test('a kernel without a sound instance has failed; its id is free once it is terminated', async () => {
    const probe = await runtime.launch(Probe);
    const waiting = Promise.allSettled([
      probe.call('Fail', { code: 1 }),
      probe.call('Echo', { value: 1 }),
    ]);
    const reasons = (await waiting).map((s) => (s as PromiseRejectedResult).reason);
    expect(reasons[0]).toBeInstanceOf(HandlerFaultError);
    expect(reasons[1]).toMatchObject({ code: 'RK_UNDELIVERED', reason: 'instance-failed' });
    expect(probe.state).toBe('failed');
    const send = probe.send('Note', { value: 1 });
    await expect(send).rejects.toThrow(KernelFailedError);
    await expect(send).rejects.toMatchObject({ cause: { value: 1 } });
    expect(() => probe.trySend('Note', { value: 1 })).toThrow(KernelFailedError);
    await expect(probe.activate()).rejects.toMatchObject({ state: 'failed' });
    await probe.terminate();
    expect(probe.state).toBe('terminated');
    const again = await runtime.launch(Probe);
    expect(await again.call('Echo', { value: 5 })).toMatchObject({ value: 5, seen: 1 });
  });

  test('a listener hears of faults until it is taken off', async () => {
    const probes = await runtime.launch(Probe, { instances: 2 });
    const heard: number[] = [];
    const off = runtime.onFault(({ instance }) => heard.push(instance));
    await expect(probes.at(1).call('Fail', { code: 1 })).rejects.toThrow();
    off();
    await expect(probes.at(0).call('Fail', { code: 1 })).rejects.toThrow();
    expect(heard).toEqual([1]);
    expect(seen).toHaveLength(2);
  });
});

describe('a lost device', () => {
  test('everybody who waits is told, every kernel has failed, nothing is lost in silence', async () => {
    const { backend, lose } = losable();
    const runtime = await createRuntime({ backend, backendOptions: { workers: 2 } });
    const counter = await runtime.launch(Counter, { instances: 4, onFailure: 'wait' });
    const held = { queueCapacity: 1, autoActivate: false, onFailure: 'wait' } as const;
    const probe = await runtime.launch(Probe, held);
    await counter.at(3).send('Add', { by: 1 });
    await probe.send('Note', { value: 1 });
    const loop = async () => {
      for await (const _ of counter);
    };
    // Its mailbox may have room once more when the first worker has died with what was in it.
    const send = probe.send('Note', { value: 2 }).catch((error) => error.code);
    const waits = Promise.allSettled([
      probe.call('Echo', { value: 1 }),
      counter.receive(),
      loop(),
      counter.wait(),
    ]);
    await lose();
    const sent = await send;
    if (typeof sent !== 'bigint') expect(sent).toBe('RK_DEVICE_LOST');
    for (const wait of await waits) {
      expect(wait.status).toBe('rejected');
      // The device gives up when workers have died again and again: the call was lost with the first one.
      const { code } = (wait as PromiseRejectedResult).reason;
      expect(['RK_DEVICE_LOST', 'RK_WORKER_LOST']).toContain(code);
    }
    expect([counter.state, probe.state]).toEqual(['failed', 'failed']);
    await expect(counter.call('Get', {})).rejects.toThrow(DeviceLostError);
    await expect(counter.send('Add', { by: 1 })).rejects.toThrow(DeviceLostError);
    await expect(counter.receive()).rejects.toThrow(DeviceLostError);
    await expect(counter.activate()).rejects.toThrow(DeviceLostError);
    await expect(runtime.launch(Counter, { id: 'x' })).rejects.toThrow(DeviceLostError);
    await expect(runtime.settled()).rejects.toThrow(DeviceLostError);
    expectCounted(runtime);
    expect(runtime.summary().counts.pending).toBe(0);
    await runtime.close();
    expectCounted(runtime);
  });
});
