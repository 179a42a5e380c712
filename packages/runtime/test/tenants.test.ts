import { backend as cpu } from '@ringkernel/backend-cpu';
import type { BackendFactory } from '@ringkernel/core';
import {
  createRuntime,
  InvalidOptionError,
  NameTakenError,
  NotSupportedError,
  QuotaExceededError,
  RateLimitedError,
  type Runtime,
  TenantNotFoundError,
} from '@ringkernel/runtime';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { expectNothingLost, Probe } from './actors.ts';

describe('tenants', () => {
  let runtime: Runtime;
  beforeEach(async () => {
    runtime = await createRuntime({ backend: 'cpu', backendOptions: { workers: 1 } });
  });
  afterEach(async () => {
    await expectNothingLost(runtime);
    await runtime.close();
  });

  test('are added before kernels are launched for them', async () => {
    const launch = runtime.launch(Probe, { tenant: 'acme' });
    await expect(launch).rejects.toThrow(TenantNotFoundError);
    runtime.tenants.add('acme', { maxKernels: 3 });
    expect(() => runtime.tenants.add('acme')).toThrow(InvalidOptionError);
    expect(() => runtime.tenants.add('')).toThrow(InvalidOptionError);
    const probe = await runtime.launch(Probe, { tenant: 'acme' });
    expect(runtime.tenants.usage('acme')).toEqual({
      quota: { maxKernels: 3 },
      kernels: 1,
      memoryBytes: probe.metrics().memoryBytes,
      engagements: {},
    });
    expect(() => runtime.tenants.remove('acme')).toThrow(InvalidOptionError);
    await probe.terminate();
    expect(runtime.tenants.usage('acme')).toMatchObject({ kernels: 0, memoryBytes: 0 });
    runtime.tenants.remove('acme');
    expect(runtime.tenants.names).toEqual([]);
    expect(() => runtime.tenants.usage('acme')).toThrow(TenantNotFoundError);
  });

  test.each([
    ['maxKernels', { maxKernels: -1 }],
    ['maxMemoryBytes', { maxMemoryBytes: 0.5 }],
    ['messagesPerSecond', { messagesPerSecond: 0 }],
    ['maxKernel', { maxKernel: 1 }],
  ])('quotas that are none: %s', (option, quota) => {
    const add = () => runtime.tenants.add('acme', quota as object);
    expect(add).toThrow(InvalidOptionError);
    expect(add).toThrow(option);
  });

  test('so many kernels, also those being launched', async () => {
    runtime.tenants.add('acme', { maxKernels: 2 });
    const launches = ['a', 'b', 'c'].map((id) => runtime.launch(Probe, { id, tenant: 'acme' }));
    const results = await Promise.allSettled(launches);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    const error = await launches[2]?.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(QuotaExceededError);
    expect(error).toMatchObject({ tenant: 'acme', quota: 'maxKernels', limit: 2, wanted: 3 });
    await runtime.terminate('a');
    await runtime.launch(Probe, { id: 'c', tenant: 'acme' });
    await expect(runtime.launch(Probe, { id: 'd', tenant: 'acme' })).rejects.toThrow('maxKernels');
    await runtime.launch(Probe, { id: 'd' });
    expect(runtime.kernelIds).toEqual(['b', 'c', 'd']);
  });

  test('one that is there already counts once, also while it is activated', async () => {
    runtime.tenants.add('acme', { maxKernels: 2 });
    const names = runtime.registry.watch();
    const first = runtime.launch(Probe, { id: 'a', tenant: 'acme' });
    await names.next();
    expect(runtime.kernelIds).toEqual(['a']);
    expect(runtime.get('a').state).toBe('launched');
    await runtime.launch(Probe, { id: 'b', tenant: 'acme' });
    await first;
    await names.return?.();
  });

  test('a launch that fails costs nothing', async () => {
    runtime.tenants.add('acme', { maxKernels: 1 });
    const other = await runtime.launch(Probe, { id: 'other' });
    const launch = runtime.launch(Probe, { tenant: 'acme' });
    runtime.registry.register('Probe', other);
    await expect(launch).rejects.toThrow(NameTakenError);
    expect(runtime.tenants.usage('acme').kernels).toBe(0);
    runtime.registry.unregister('Probe');
    await runtime.launch(Probe, { tenant: 'acme' });
  });

  test('so much memory', async () => {
    const { memoryBytes } = (await runtime.launch(Probe, { id: 'sample' })).metrics();
    expect(memoryBytes).toBeGreaterThan(0);
    runtime.tenants.add('acme', { maxMemoryBytes: 2 * memoryBytes + 1 });
    for (const id of ['a', 'b']) await runtime.launch(Probe, { id, tenant: 'acme' });
    const third = runtime.launch(Probe, { id: 'c', tenant: 'acme' });
    await expect(third).rejects.toMatchObject({
      code: 'RK_QUOTA_EXCEEDED',
      quota: 'maxMemoryBytes',
      wanted: 3 * memoryBytes,
    });
    expect(runtime.kernelIds).toEqual(['sample', 'a', 'b']);
    expect(runtime.tenants.usage('acme')).toMatchObject({ memoryBytes: 2 * memoryBytes });
    await runtime.terminate('a');
    await runtime.launch(Probe, { id: 'c', tenant: 'acme' });
  });

  test('so many messages in any second, over all kernels', async () => {
    const rounds = await createRuntime({ backend: 'cpu', schedule: 'lockstep' });
    rounds.tenants.add('acme', { messagesPerSecond: 3 });
    const a = await rounds.launch(Probe, { id: 'a', tenant: 'acme' });
    const b = await rounds.launch(Probe, { id: 'b', tenant: 'acme' });
    const other = await rounds.launch(Probe, { id: 'other' });
    await a.send('Note', { value: 1 });
    await rounds.step(600);
    for (const to of [b, a]) await to.send('Note', { value: 1 });
    const over = b.send('Note', { value: 1 });
    await expect(over).rejects.toThrow(RateLimitedError);
    await expect(over).rejects.toMatchObject({ subject: "tenant 'acme'", retryAfterMs: 400 });
    for (let i = 0; i < 9; i++) await other.send('Note', { value: i });
    await rounds.step(400);
    expect([a, b].map((to) => to.trySend('Note', { value: 2 }))).toEqual([true, false]);
    expect(b.metrics().flow.rateLimited).toBe(2);
    await rounds.close();
  });

  test('messages of actors count also when their kernel has ended, and stop nobody on the device', async () => {
    const rounds = await createRuntime({ backend: 'cpu', schedule: 'lockstep' });
    rounds.tenants.add('acme', { messagesPerSecond: 4 });
    const [a, b] = await Promise.all(
      ['a', 'b'].map((id) => rounds.launch(Probe, { id, tenant: 'acme' })),
    );
    await a?.send('Forward', { to: b?.address ?? 0, value: 1 });
    await rounds.step(2);
    expect(b?.metrics()).toMatchObject({ sent: 1, handled: 1 });
    await b?.terminate();
    await rounds.step(20);
    expect(await a?.sendBatch('Note', Array(9).fill({ value: 1 }))).toBe(2);
    await rounds.close();
  });

  test('engagements have budgets of their own, of messages', async () => {
    const rounds = await createRuntime({ backend: 'cpu', schedule: 'lockstep' });
    const { tenants } = rounds;
    tenants.add('acme');
    tenants.engage('acme', 'audit', { maxMessages: 4 });
    const launch = (id: string, engagement: string) =>
      rounds.launch(Probe, { id, tenant: 'acme', engagement });
    await expect(launch('x', 'tax')).rejects.toThrow('audit');
    const a = await launch('a', 'audit');
    const b = await launch('b', 'audit');
    const free = await rounds.launch(Probe, { id: 'free', tenant: 'acme' });
    await a.send('Forward', { to: b.address, value: 1 });
    await rounds.step(20);
    expect(await b.sendBatch('Note', Array(9).fill({ value: 1 }))).toBe(2);
    const over = a.send('Note', { value: 1 });
    await expect(over).rejects.toThrow(QuotaExceededError);
    await expect(over).rejects.toMatchObject({ limit: 4, wanted: 5 });
    expect(a.trySend('Note', { value: 1 })).toBe(false);
    await free.send('Note', { value: 1 });
    const receipt = await rounds.k2k.endpoint(free).send(a, 'Note', { value: 1 });
    expect(receipt).toMatchObject({ status: 'QueueFull', error: { code: 'RK_QUOTA_EXCEEDED' } });
    await expect(launch('c', 'audit')).rejects.toThrow('maxMessages');
    await rounds.step(1);
    await b.terminate();
    const used = { messages: 4, kernels: 1, budget: { maxMessages: 4 } };
    expect(tenants.usage('acme').engagements).toMatchObject({ audit: used });
    tenants.engage('acme', 'audit', { maxMessages: 5 });
    await rounds.step(20);
    expect(await a.sendBatch('Note', Array(9).fill({ value: 1 }))).toBe(1);
    for (const budget of [{ maxMessages: -1 }, { maxBusyMs: 0.5 }, { max: 1 }]) {
      expect(() => tenants.engage('acme', 'x', budget)).toThrow(InvalidOptionError);
    }
    expect(() => tenants.engage('acme', '')).toThrow(InvalidOptionError);
    await rounds.close();
  });

  test('an engagement ends when it has no kernels, and its name is free', async () => {
    const { tenants } = runtime;
    tenants.add('acme');
    expect(() => tenants.disengage('acme', 'audit')).toThrow(InvalidOptionError);
    expect(() => tenants.disengage('globex', 'audit')).toThrow(TenantNotFoundError);
    tenants.engage('acme', 'audit', { maxMessages: 1 });
    const launch = () => runtime.launch(Probe, { tenant: 'acme', engagement: 'audit' });
    const probe = await launch();
    await probe.send('Note', { value: 1 });
    expect(() => tenants.disengage('acme', 'audit')).toThrow('without kernels');
    await probe.terminate();
    await expect(launch()).rejects.toThrow(QuotaExceededError);
    tenants.disengage('acme', 'audit');
    expect(tenants.usage('acme').engagements).toEqual({});
    await expect(launch()).rejects.toThrow(InvalidOptionError);
    tenants.engage('acme', 'audit', { maxMessages: 1 });
    expect(tenants.usage('acme').engagements.audit).toMatchObject({ messages: 0, kernels: 0 });
    await (await launch()).send('Note', { value: 1 });
  });

  test('an engagement does not end while a kernel is launched for it', async () => {
    let attempts = 0;
    const backend: BackendFactory = {
      ...cpu,
      open: async (options) => {
        const device = await cpu.open(options);
        const launch = device.launch.bind(device);
        device.launch = async (...args) => {
          attempts++;
          expect(() => slow.tenants.disengage('acme', 'audit')).toThrow('without kernels');
          return await launch(...args);
        };
        return device;
      },
    };
    await using slow = await createRuntime({ backend });
    slow.tenants.add('acme');
    slow.tenants.engage('acme', 'audit');
    const probe = await slow.launch(Probe, { tenant: 'acme', engagement: 'audit' });
    await probe.terminate();
    slow.tenants.disengage('acme', 'audit');
    expect(attempts).toBe(1);
  });

  test('a launch that fails leaves its engagement free to end', async () => {
    const { tenants } = runtime;
    tenants.add('acme', { maxMemoryBytes: 1 });
    tenants.engage('acme', 'audit');
    const launch = runtime.launch(Probe, { tenant: 'acme', engagement: 'audit' });
    await expect(launch).rejects.toThrow('maxMemoryBytes');
    tenants.disengage('acme', 'audit');
    expect(tenants.usage('acme').engagements).toEqual({});
  });

  test('engagements have budgets of their own, of time', async () => {
    runtime.tenants.add('acme');
    runtime.tenants.engage('acme', 'audit', { maxBusyMs: 5 });
    const probe = await runtime.launch(Probe, { tenant: 'acme', engagement: 'audit' });
    const refused = await (async () => {
      for (;;) {
        try {
          await probe.send('Burn', { turns: 300_000 });
          await runtime.settled();
        } catch (error) {
          return error;
        }
      }
    })();
    expect(refused).toBeInstanceOf(QuotaExceededError);
    expect((refused as QuotaExceededError).quota).toContain('maxBusyMs');
    expect(runtime.tenants.usage('acme').engagements.audit?.busyMs).toBeGreaterThanOrEqual(5);
    const other = runtime.launch(Probe, { id: 'other', tenant: 'acme', engagement: 'audit' });
    await expect(other).rejects.toThrow('maxBusyMs');
  });

  test('what an actor was refused is written down also when its receiver has ended', async () => {
    runtime.tenants.add('a');
    const probe = await runtime.launch(Probe, { tenant: 'a', autoActivate: false });
    const free = await runtime.launch(Probe, { id: 'free' });
    await probe.send('Forward', { to: free.address, value: 1 });
    await probe.activate();
    await runtime.settled();
    expect(runtime.tenants.audit()).toMatchObject([
      { to: { kernelId: 'free', tenant: undefined }, via: 'device' },
    ]);
    await free.terminate();
    await probe.send('Forward', { to: free.address, value: 1 });
    await runtime.settled();
    const reasons = runtime.deadLetters.toArray().map(({ reason }) => reason);
    expect(reasons).toEqual(['tenant-mismatch', 'not-found']);
    expect(runtime.tenants.refused).toBe(1);
  });

  test('need a device that keeps them apart', async () => {
    const backend: BackendFactory = {
      ...cpu,
      open: async (options) => {
        const device = await cpu.open(options);
        const capabilities = device.info.capabilities.filter((name) => name !== 'tenants');
        Object.defineProperty(device, 'info', { value: { ...device.info, capabilities } });
        return device;
      },
    };
    await using plain = await createRuntime({ backend });
    plain.tenants.add('a', { maxKernels: 1 });
    for (let i = 0; i < 2; i++) {
      await expect(plain.launch(Probe, { tenant: 'a' })).rejects.toThrow(NotSupportedError);
    }
    await plain.launch(Probe);
  });

  test('what is sent across is refused, counted and written down', async () => {
    for (const name of ['a', 'b']) runtime.tenants.add(name);
    const a = await runtime.launch(Probe, { id: 'ka', tenant: 'a' });
    const b = await runtime.launch(Probe, { id: 'kb', tenant: 'b' });
    const free = await runtime.launch(Probe, { id: 'free' });
    const beforeMs = Date.now();
    const endpoint = runtime.k2k.endpoint(a);
    for (const to of [b, free]) {
      expect((await endpoint.send(to, 'Note', { value: 1 })).status).toBe('TenantMismatch');
    }
    runtime.topics.subscribeKernel('t', b, 'Note');
    const relay = runtime.topics.publishEvents(a, 'Aside', 't');
    await a.send('Other', { value: 1 });
    await expect.poll(() => relay.delivered).toBe(1);
    expect(runtime.tenants.refused).toBe(3);
    const from = { kernelId: 'ka', tenant: 'a' };
    expect(runtime.tenants.audit()).toMatchObject([
      { from, to: { kernelId: 'kb', tenant: 'b' }, via: 'k2k' },
      { from, to: { kernelId: 'free', tenant: undefined }, via: 'k2k' },
      { from, to: { kernelId: 'kb', tenant: 'b' }, via: 'topics' },
    ]);
    expect(runtime.tenants.audit()[0]?.atMs).toBeGreaterThan(beforeMs - 1_000);
    for (let i = 0; i < 1_000; i++) await endpoint.send(b, 'Note', { value: 1 });
    expect(runtime.tenants.audit()).toHaveLength(1_000);
    expect(runtime.tenants.refused).toBe(1_003);
    expect(b.metrics().sent).toBe(0);
  });
});
