import {
  actor,
  array,
  CompileError,
  createRuntime,
  type HandleOf,
  InvalidStateTransitionError,
  KernelAlreadyExistsError,
  KernelNotFoundError,
  KernelTerminatedError,
  MessageTooLargeError,
  NotSupportedError,
  type Runtime,
  RuntimeClosedError,
  u32,
} from '@ringkernel/runtime';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Counter, expectCounted, expectNothingLost, Probe } from './actors.ts';

/** Sends a message that is never answered; its correlation. */
async function correlated(probe: HandleOf<typeof Probe>): Promise<bigint> {
  await probe.send('Silent', { value: 1 }, { correlation: 9n });
  return 9n;
}

const Huge = actor('Huge', {
  state: {},
  messages: { Carry: { load: array(u32, 1_024) } },
  on: { Carry() {} },
});

const limit = { value: 3 };
const Careless = actor('Careless', {
  state: { text: u32 },
  messages: { Say: { value: u32 } },
  on: {
    Say(ctx, m) {
      ctx.state.text = JSON.stringify(m).length + limit.value;
    },
  },
});

describe('the life of a kernel', () => {
  let runtime: Runtime;
  beforeEach(async () => {
    runtime = await createRuntime({ backend: 'cpu', backendOptions: { workers: 2 } });
  });
  afterEach(async () => {
    await expectNothingLost(runtime);
    await runtime.close();
    expectCounted(runtime);
  });

  test('a loop of settling lets events in', async () => {
    let turned = false;
    setImmediate(() => {
      turned = true;
    });
    for (let i = 0; i < 100 && !turned; i++) await runtime.settled();
    expect(turned).toBe(true);
  });

  test('launched, active, deactivated, active, terminated', async () => {
    const probe = await runtime.launch(Probe, { id: 'p', autoActivate: false });
    expect(probe).toMatchObject({ id: 'p', state: 'launched', instances: 1 });
    expect(runtime.activeKernels).toEqual([]);
    await probe.activate();
    expect(probe.state).toBe('active');
    await probe.deactivate();
    expect(probe.state).toBe('deactivated');
    expect([runtime.kernelIds, runtime.activeKernels]).toEqual([['p'], []]);
    await probe.reactivate();
    expect(runtime.activeKernels).toEqual(['p']);
    await probe.deactivate();
    await probe.activate();
    const waits = [probe.wait(), probe.wait()];
    const ending = probe.terminate();
    expect(probe.state).toBe('terminating');
    expect(await ending).toEqual({ drained: true });
    await Promise.all([...waits, probe.wait()]);
    expect(probe.state).toBe('terminated');
    expect(runtime.kernelIds).toEqual([]);
  });

  test('the same by id, from the runtime', async () => {
    await runtime.launch(Counter, { id: 'c', autoActivate: false });
    await runtime.activate('c');
    await runtime.deactivate('c');
    await runtime.reactivate('c');
    expect(runtime.get('c').state).toBe('active');
    expect(runtime.telemetry('c')).toMatchObject({ id: 'c', state: 'active', sent: 0 });
    expect(await runtime.terminate('c', { timeoutMs: 1_000 })).toEqual({ drained: true });
  });

  test('what makes no sense in a state is an error that says so', async () => {
    const probe = await runtime.launch(Probe, { autoActivate: false });
    const wrong = probe.deactivate();
    await expect(wrong).rejects.toThrow(InvalidStateTransitionError);
    await expect(wrong).rejects.toThrow("Cannot deactivate kernel 'Probe' from state 'launched'");
    await expect(probe.reactivate()).rejects.toThrow(InvalidStateTransitionError);
    await probe.activate();
    await expect(probe.activate()).rejects.toMatchObject({
      operation: 'activate',
      state: 'active',
    });
    await probe.terminate();
    await expect(probe.activate()).rejects.toThrow("from state 'terminated'");
    expect(await probe.terminate()).toEqual({ drained: true });
  });

  test('an id is taken until its kernel has ended', async () => {
    const first = await runtime.launch(Counter, { id: 'c' });
    const again = runtime.launch(Probe, { id: 'c' });
    await expect(again).rejects.toThrow(KernelAlreadyExistsError);
    await expect(again).rejects.toMatchObject({ kernelId: 'c', state: 'active' });
    await first.send('Add', { by: 1 });
    await first.terminate();
    const second = await runtime.launch(Counter, { id: 'c' });
    expect(second.address).toBeGreaterThan(first.address);
    expect(await second.call('Get', {})).toEqual({ count: 0, total: 0n });
    await expect(first.call('Get', {})).rejects.toThrow(KernelTerminatedError);
    expect(runtime.summary()).toMatchObject({ launched: 2, counts: { sent: 2 + 1 } });
  });

  test('two launches at once with one id: one of them', async () => {
    const both = [runtime.launch(Counter), runtime.launch(Counter)];
    const outcomes = await Promise.allSettled(both);
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
  });

  test('a launch that fails leaves the id free', async () => {
    const careless = runtime.launch(Careless, { id: 'c' });
    await expect(careless).rejects.toThrow(CompileError);
    await expect(careless).rejects.toThrow('JSON');
    expect(runtime.kernelIds).toEqual([]);
    await runtime.launch(Counter, { id: 'c' });
  });

  test('messages larger than the device carries are refused at launch', async () => {
    const backendOptions = { workers: 1, laneCapacity: 64 };
    await using narrow = await createRuntime({ backend: 'cpu', backendOptions });
    const launch = narrow.launch(Huge);
    await expect(launch).rejects.toThrow(MessageTooLargeError);
    await expect(launch).rejects.toMatchObject({ messageName: 'Carry', bytes: 4_096 });
    const huge = await runtime.launch(Huge);
    await huge.send('Carry', { load: new Uint32Array(1_024) });
  });

  test('addresses are multiples of 64 and never come again', async () => {
    const sizes = [1, 64, 65, 1];
    const addresses: number[] = [];
    for (const instances of sizes) {
      const kernel = await runtime.launch(Counter, { instances });
      addresses.push(kernel.address);
      await kernel.terminate();
    }
    expect(addresses).toEqual([64, 128, 192, 320]);
  });

  test('an id that nobody has', async () => {
    await runtime.launch(Counter, { id: 'counters' });
    expect(() => runtime.get('counter')).toThrow(KernelNotFoundError);
    expect(() => runtime.get('counter')).toThrow("is it 'counters'?");
    expect(() => runtime.telemetry('x')).toThrow(KernelNotFoundError);
    await expect(runtime.activate('x')).rejects.toThrow(KernelNotFoundError);
    await expect(runtime.terminate('x')).rejects.toMatchObject({ knownIds: ['counters'] });
    expect(runtime.get('counters')).toBe(runtime.get('counters'));
  });

  test('terminateAll ends all, and tells which could not finish', async () => {
    const kernels = await Promise.all(
      ['a', 'b', 'c'].map((id) => runtime.launch(Probe, { id, autoActivate: id !== 'b' })),
    );
    for (const kernel of kernels) await kernel.send('Note', { value: 1 });
    expect(await runtime.terminateAll()).toEqual({ undrained: ['b'] });
    expect(runtime.kernelIds).toEqual([]);
    const { counts, kernels: left } = runtime.summary();
    expect(counts).toEqual({ sent: 3, handled: 2, rejected: 0, deadLettered: 1, pending: 0 });
    expect(left).toEqual([]);
  });

  test('a kernel that has too much to do ends when the time is over', async () => {
    const probe = await runtime.launch(Probe);
    for (let i = 0; i < 1_000; i++) await probe.send('Burn', { turns: 200_000 });
    expect(await probe.terminate({ timeoutMs: 5 })).toEqual({ drained: false });
    expect(runtime.summary().deadLetteredByReason.terminated).toBeGreaterThan(0);
  });

  test('a handle ends its kernel', async () => {
    {
      await using counter = await runtime.launch(Counter);
      await counter.send('Add', { by: 1 });
    }
    expect(runtime.kernelIds).toEqual([]);
  });

  test('step is for lockstep', async () => {
    await expect(runtime.step(1)).rejects.toThrow(NotSupportedError);
  });
});

describe('the life of a runtime', () => {
  test('close ends everything, once; afterwards all is refused', async () => {
    const runtime = await createRuntime({ backend: 'cpu' });
    const counter = await runtime.launch(Counter);
    const call = counter.call('Get', {});
    const closing = runtime.close();
    expect(runtime.close()).toBe(closing);
    await closing;
    expect(await call).toEqual({ count: 0, total: 0n });
    expect(counter.state).toBe('terminated');
    await expect(runtime.launch(Counter)).rejects.toThrow(RuntimeClosedError);
    await expect(runtime.settled()).rejects.toThrow(RuntimeClosedError);
    await expect(runtime.step()).rejects.toThrow(RuntimeClosedError);
    await expect(counter.send('Add', { by: 1 })).rejects.toThrow(KernelTerminatedError);
    await expect(counter.receive()).rejects.toThrow(KernelTerminatedError);
    expect(() => runtime.get('Counter')).toThrow(KernelNotFoundError);
    expect(runtime.summary().counts).toMatchObject({ sent: 2, handled: 1, rejected: 1 });
    await counter.wait();
  });

  test('close ends what waits for answers that nobody gives, and launches under way', async () => {
    const runtime = await createRuntime({ backend: 'cpu' });
    const probe = await runtime.launch(Probe);
    const waits = Promise.allSettled([
      probe.call('Silent', { value: 1 }),
      probe.receive(),
      probe.receiveCorrelated(await correlated(probe)),
      runtime.launch(Counter),
    ]);
    await runtime.close();
    const [call, receive, reply, launch] = (await waits).map((w) =>
      w.status === 'rejected' ? w.reason : w.status,
    );
    for (const error of [call, receive, reply]) expect(error).toBeInstanceOf(KernelTerminatedError);
    expect(launch).toBeInstanceOf(RuntimeClosedError);
    expect(runtime.kernelIds).toEqual([]);
    expectCounted(runtime);
  });

  test('close with a time-out of 0 handles nothing more', async () => {
    const runtime = await createRuntime({ backend: 'cpu' });
    const probe = await runtime.launch(Probe, { autoActivate: false });
    await probe.sendBatch('Note', Array(10).fill({ value: 1 }));
    await runtime.close({ timeoutMs: 0 });
    const wanted = { sent: 10, handled: 0, rejected: 0, deadLettered: 10, pending: 0 };
    expect(runtime.summary().counts).toEqual(wanted);
    expect(runtime.deadLetters.size).toBe(10);
  });

  test('summary also counts kernels that have ended', async () => {
    await using runtime = await createRuntime({ backend: 'cpu' });
    const [a, b] = [await runtime.launch(Counter), await runtime.launch(Probe)];
    await a.sendBatch(
      'Add',
      Array.from({ length: 10 }, () => ({ by: 2 })),
    );
    await b.sendBatch(
      'Note',
      Array.from({ length: 5 }, () => ({ value: 2 })),
    );
    await a.terminate();
    await runtime.settled();
    const summary = runtime.summary();
    expect(summary).toMatchObject({
      backend: 'cpu',
      device: 'cpu',
      launched: 2,
      counts: { sent: 15, handled: 15, rejected: 0, deadLettered: 0, pending: 0 },
      kernels: [{ id: 'Probe', state: 'active', sent: 5 }],
      latency: { count: 15 },
    });
    expect(summary.latency.minUs).toBeLessThanOrEqual(summary.latency.meanUs);
    expect(summary.latency.meanUs).toBeLessThanOrEqual(summary.latency.maxUs);
    expect(summary.uptimeMs).toBeGreaterThan(0);
  });
});
