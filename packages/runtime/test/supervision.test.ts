import {
  createRuntime,
  HandlerFaultError,
  hostActor,
  InvalidOptionError,
  type KernelHandle,
  LinkedFailureError,
  RestartIntensityError,
  type Runtime,
  type SupervisionEvent,
  type SupervisorOptions,
  SupervisorStoppedError,
} from '@ringkernel/runtime';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Counter, expectNothingLost, Probe } from './actors.ts';
import { ManualClock } from './manual-clock.ts';

let runtime: Runtime;
beforeEach(async () => {
  runtime = await createRuntime({ backend: 'cpu', backendOptions: { workers: 2 } });
});
afterEach(async () => {
  await expectNothingLost(runtime);
  await runtime.close();
});

/** A supervisor, and what it says: `path kind`. */
function supervised(options: SupervisorOptions = {}) {
  const clock = new ManualClock();
  const supervisor = runtime.supervise({ name: 'top', clock, ...options });
  const events: SupervisionEvent[] = [];
  void (async () => {
    for await (const event of supervisor.events()) events.push(event);
  })();
  const said = () => events.map(({ path, kind }) => `${path} ${kind}`);
  const hear = (text: string, times = 1) =>
    vi.waitFor(() => expect(said().filter((line) => line === text)).toHaveLength(times), 20_000);
  return { clock, supervisor, events, said, hear };
}

type AnyProbe = KernelHandle<typeof Probe.spec.messages>;

async function fail(probe: Pick<AnyProbe, 'call'>): Promise<void> {
  await expect(probe.call('Fail', { code: 1 })).rejects.toThrow(HandlerFaultError);
}

/** How many messages the instance has handled since its last start. */
async function seen(probe: Pick<AnyProbe, 'call'>): Promise<number> {
  return (await probe.call('Echo', { value: 0 })).seen - 1;
}

async function threeProbes(supervisor: ReturnType<Runtime['supervise']>) {
  const probes = [];
  for (const id of ['a', 'b', 'c']) {
    const probe = await supervisor.launch(Probe, { id });
    await probe.send('Note', { value: 1 });
    expect(await seen(probe)).toBe(1);
    probes.push(probe);
  }
  return probes;
}

test('who asks again and again whether all is settled lets the supervisor work', async () => {
  const probe = await runtime.supervise().launch(Probe);
  for (let i = 0; i < 3; i++) {
    await fail(probe);
    const later = probe.send('Note', { value: i });
    while (probe.metrics().pending > 0 || probe.status().failedInstances > 0) {
      await runtime.settled();
    }
    await later;
  }
  expect(probe.metrics().errors).toBe(3);
});

describe('strategies', () => {
  test.each([
    ['one-for-one', [2, 0, 2], ['top/b restarted']],
    ['one-for-all', [0, 0, 0], ['top/a restarted', 'top/b restarted', 'top/c restarted']],
    ['rest-for-one', [2, 0, 0], ['top/b restarted', 'top/c restarted']],
  ] as const)('%s', async (strategy, after, restarted) => {
    const { supervisor, said, hear } = supervised({ strategy });
    const probes = await threeProbes(supervisor);
    await fail(probes[1] as AnyProbe);
    await hear(restarted.at(-1) as string);
    expect(said()).toEqual(['top/b failed', ...restarted]);
    expect(await Promise.all(probes.map(seen))).toEqual(after);
    expect(supervisor.restarts).toBe(1);
  });

  test('of a kernel with many instances only the one that failed starts over', async () => {
    const { supervisor, events, hear } = supervised();
    const probes = await supervisor.launch(Probe, { instances: 5 });
    for (let i = 0; i < 5; i++) await probes.at(i).send('Note', { value: 1 });
    await fail(probes.at(3));
    await hear('top/Probe restarted');
    expect(events.at(-1)).toMatchObject({ kind: 'restarted', instances: [3] });
    expect(await Promise.all([2, 3, 4].map((i) => seen(probes.at(i))))).toEqual([1, 0, 1]);
  });

  test('an instance may retire while it is restarted', async () => {
    const { supervisor, hear } = supervised();
    const options = { instances: 3, restartState: 'last-good' } as const;
    const probes = await supervisor.launch(Probe, options);
    let retired: Promise<void> | undefined;
    const remove = runtime.onFault(async () => {
      for (let i = 0; i < 50; i++) await undefined; // its state is being read
      retired ??= probes.retire(1);
    });
    await fail(probes.at(1));
    await vi.waitFor(() => expect(retired).toBeDefined());
    await retired;
    remove();
    await fail(probes.at(2));
    await hear('top/Probe restarted', 2);
    expect(supervisor.state).toBe('running');
    expect(probes.living).toEqual([0, 2]);
  });

  test('messages wait for the restart, and the caller that failed has the cause', async () => {
    const { supervisor } = supervised();
    const probe = await supervisor.launch(Probe);
    const calls = [
      probe.call('Fail', { code: 7 }).catch((error: HandlerFaultError) => error.value),
      probe.call('Echo', { value: 5 }),
    ];
    expect(await Promise.all(calls)).toEqual([7, { value: 5, index: 0, seen: 1 }]);
  });
});

describe('kinds of children', () => {
  test('a temporary child is not restarted, and its messages are dead letters', async () => {
    const { supervisor, said, hear } = supervised({ strategy: 'one-for-all' });
    const probe = await supervisor.launch(Probe, { restart: 'temporary', instances: 2 });
    await fail(probe);
    await hear('top/Probe failed');
    await expect(probe.call('Echo', { value: 1 })).rejects.toMatchObject({
      reason: 'instance-failed',
    });
    expect(said()).toEqual(['top/Probe failed']);
  });

  test('a permanent child that ends is launched again, a transient one is not', async () => {
    const { supervisor, said, hear } = supervised();
    const [lasting, passing] = [
      await supervisor.launch(Counter, { id: 'lasting', instances: 3 }),
      await supervisor.launch(Counter, { id: 'passing', restart: 'transient' }),
    ];
    await passing.terminate();
    await hear('top/passing ended');
    await lasting.terminate();
    await hear('top/lasting relaunched');
    expect(said()).toEqual(['top/passing ended', 'top/lasting ended', 'top/lasting relaunched']);
    expect(supervisor.children.map(({ name, running }) => [name, running])).toEqual([
      ['lasting', true],
      ['passing', false],
    ]);
    expect(runtime.get('lasting', Counter).instances).toBe(3);
    expect(runtime.kernelIds).toEqual(['lasting']);
  });
});

describe('intensity and escalation', () => {
  test('more restarts than allowed within the window: everything below ends', async () => {
    const { supervisor, clock, hear } = supervised({ maxRestarts: 2, withinMs: 1_000 });
    const probe = await supervisor.launch(Probe);
    const other = await supervisor.launch(Counter);
    await fail(probe);
    await fail(probe);
    await hear('top/Probe restarted', 2);
    clock.pass(1_001);
    await fail(probe); // the window has moved on
    await hear('top/Probe restarted', 3);
    await fail(probe);
    await hear('top/Probe restarted', 4);
    await fail(probe);
    await hear('top gave-up');
    expect(supervisor.state).toBe('gave-up');
    expect(supervisor.error).toBeInstanceOf(RestartIntensityError);
    expect(supervisor.error?.cause).toBeInstanceOf(HandlerFaultError);
    expect([probe.state, other.state]).toEqual(['terminated', 'terminated']);
    await expect(supervisor.launch(Counter)).rejects.toThrow(SupervisorStoppedError);
  });

  test('a supervisor that gives up is a failed child of the one above', async () => {
    const { supervisor, said, hear } = supervised({ strategy: 'rest-for-one' });
    const before = await supervisor.launch(Counter, { id: 'before' });
    const inner = supervisor.supervise({ name: 'inner', maxRestarts: 0 });
    const probe = await inner.launch(Probe);
    const after = await supervisor.launch(Counter, { id: 'after' });
    for (const counter of [before, after]) await counter.send('Add', { by: 1 });
    await fail(probe);
    await hear('top/after restarted');
    expect(said()).toEqual([
      'top/inner/Probe failed',
      'top/inner gave-up',
      'top/inner failed',
      'top/inner relaunched',
      'top/after restarted',
    ]);
    expect(inner.state).toBe('running');
    expect(await seen(runtime.get('Probe', Probe))).toBe(0);
    expect(await before.call('Get', {})).toMatchObject({ count: 1 });
    expect(await after.call('Get', {})).toMatchObject({ count: 0 });
  });

  test('what can not be launched again ends the tree', async () => {
    const { supervisor, hear } = supervised();
    const counter = await supervisor.launch(Counter);
    const ended = counter.terminate();
    runtime.registry.register('x', await runtime.launch(Probe, { id: 'thief' }));
    await ended;
    await hear('top/Counter relaunched');
    await supervisor.stop();
    expect(runtime.kernelIds).toEqual(['thief']);
  });
});

describe('back-off', () => {
  test('each restart waits longer, and messages wait with it', async () => {
    const backOff = { firstMs: 100, factor: 3, maxMs: 500 };
    const { supervisor, clock, events, hear } = supervised({ maxRestarts: 9, backOff });
    const probe = await supervisor.launch(Probe);
    for (const [times, delayMs] of [100, 300, 500].entries()) {
      await fail(probe);
      await hear('top/Probe delayed', times + 1);
      expect(events.at(-1)).toMatchObject({ kind: 'delayed', delayMs });
      const waiting = probe.call('Echo', { value: 4 });
      clock.pass(delayMs - 1);
      await runtime.settled();
      expect(probe.metrics().pending).toBe(1);
      clock.pass(1);
      expect(await waiting).toMatchObject({ value: 4, seen: 1 });
    }
  });

  test('a stop ends what waits', async () => {
    const { supervisor, clock, said, hear } = supervised({ backOff: { firstMs: 100 } });
    const probe = await supervisor.launch(Probe);
    await fail(probe);
    await hear('top/Probe delayed');
    await supervisor.stop();
    clock.pass(1_000);
    await hear('top stopped');
    expect(said()).toEqual(['top/Probe failed', 'top/Probe delayed', 'top stopped']);
    expect(clock.waiting).toBe(0);
  });
});

describe('checkpoints', () => {
  const restartState = 'checkpoint';

  test('a restart begins from the last one', async () => {
    const { supervisor, hear } = supervised();
    const probes = await supervisor.launch(Probe, { instances: 2, restartState });
    const counter = await supervisor.launch(Counter, { restartState });
    await probes.send('Note', { value: 1 });
    await counter.send('Add', { by: 3 });
    await runtime.settled();
    await supervisor.checkpoint();
    await probes.send('Note', { value: 1 });
    await fail(probes);
    await hear('top/Probe restarted');
    expect(await seen(probes)).toBe(1);
    await counter.send('Add', { by: 3 });
    await counter.terminate();
    await hear('top/Counter relaunched');
    expect(await runtime.get('Counter', Counter).call('Get', {})).toEqual({ count: 1, total: 3n });
  });

  test('without one it begins from zeros; a failed instance keeps its last one', async () => {
    const { supervisor, hear } = supervised({ backOff: { firstMs: 10 }, maxRestarts: 9 });
    const probe = await supervisor.launch(Probe, { restartState });
    await probe.send('Note', { value: 1 });
    await fail(probe);
    await hear('top/Probe delayed');
    await supervisor.checkpoint();
    expect(await probe.readState()).toMatchObject({ seen: 1 });
    await supervisor.stop();
  });

  test('they can be taken every so often', async () => {
    const { supervisor, clock, hear } = supervised({ checkpointEveryMs: 100 });
    const probe = await supervisor.launch(Probe, { restartState });
    for (let times = 1; times <= 2; times++) {
      await probe.send('Note', { value: 1 });
      await runtime.settled();
      clock.pass(100);
      await vi.waitFor(() => expect(clock.waiting).toBe(1));
    }
    await fail(probe);
    await hear('top/Probe restarted');
    expect(await seen(probe)).toBe(2);
  });
});

describe('the last good state', () => {
  const restartState = 'last-good';

  test('is what the last handler left that ended well', async () => {
    const { supervisor, hear } = supervised({ strategy: 'one-for-all' });
    const probes = await supervisor.launch(Probe, { instances: 2, restartState });
    const other = await supervisor.launch(Probe, { id: 'other', restartState });
    for (const probe of [probes.at(0), probes.at(1), other]) {
      for (let i = 0; i < 3; i++) await probe.send('Note', { value: i });
    }
    await fail(probes.at(1));
    await hear('top/other restarted');
    expect(await Promise.all([probes.at(0), probes.at(1), other].map(seen))).toEqual([3, 3, 3]);
    await probes.at(1).call('Reach', { at: 9 });
    await hear('top/Probe restarted', 2);
    expect(await seen(probes.at(1))).toBe(4); // one `Echo` more
  });

  test('needs rollback: a host-only actor can not have it', async () => {
    const { supervisor } = supervised();
    const host = hostActor('Idle', { messages: { Go: {} }, run: async () => {} });
    const launch = supervisor.launch(host, { restartState });
    await expect(launch).rejects.toMatchObject({ code: 'RK_NOT_SUPPORTED' });
  });
});

describe('stop', () => {
  test('everything below ends, the last child first, and nothing is restarted', async () => {
    const { supervisor, hear, said } = supervised();
    const ended: string[] = [];
    const inner = supervisor.supervise({ name: 'inner' });
    for (const [parent, id] of [
      [supervisor, 'first'],
      [inner, 'second'],
      [inner, 'third'],
    ] as const) {
      const kernel = await parent.launch(Counter, { id });
      void kernel.wait().then(() => ended.push(id));
    }
    await supervisor.stop();
    await hear('top stopped');
    // `inner` is a child that came before `first` was launched.
    expect(ended).toEqual(['first', 'third', 'second']);
    expect(said()).toEqual(['top/inner stopped', 'top stopped']);
    expect(runtime.kernelIds).toEqual([]);
    expect([supervisor.state, inner.state]).toEqual(['stopped', 'stopped']);
  });

  test('a runtime that closes stops its supervisors', async () => {
    const other = await createRuntime({ backend: 'cpu', backendOptions: { workers: 1 } });
    const supervisor = other.supervise();
    const counter = await supervisor.launch(Counter);
    await other.close();
    expect([supervisor.state, counter.state]).toEqual(['stopped', 'terminated']);
    expect(supervisor.restarts).toBe(0);
  });
});

describe('monitors and links', () => {
  test('a monitor hears of failures, restarts and the end', async () => {
    const probe = await runtime.launch(Probe, { instances: 2 });
    const monitor = runtime.monitor(probe);
    await fail(probe.at(1));
    await probe.at(1).restart();
    await probe.terminate();
    const heard = [];
    for await (const event of monitor) heard.push(event);
    expect(heard).toMatchObject([
      { kind: 'failed', instance: 1, error: { code: 'RK_HANDLER_FAULT' } },
      { kind: 'restarted', instance: 1 },
      { kind: 'terminated' },
    ]);
    expect(await runtime.monitor(probe).next()).toEqual({
      done: false,
      value: { kind: 'terminated' },
    });
  });

  test('linked kernels fail together: a supervised one is restarted, another one ends', async () => {
    const { supervisor, events, hear } = supervised();
    const [a, b] = await threeProbes(supervisor);
    const loner = await runtime.launch(Counter);
    runtime.link(a as AnyProbe, b as AnyProbe);
    runtime.link(b as AnyProbe, loner);
    await fail(a as AnyProbe);
    await hear('top/b restarted');
    expect(await seen(b as AnyProbe)).toBe(0);
    expect(events.find(({ path, kind }) => path === 'top/b' && kind === 'failed')).toMatchObject({
      error: { code: LinkedFailureError.code, linkedId: 'a', kernelId: 'b' },
    });
    await loner.wait();
    expect(loner.state).toBe('terminated');
  });

  test('what was unlinked goes on; a kernel is not linked to itself', async () => {
    const probe = await runtime.launch(Probe, { instances: 2 });
    const counter = await runtime.launch(Counter);
    runtime.link(probe, counter)();
    await fail(probe);
    await runtime.settled();
    expect(counter.state).toBe('active');
    expect(() => runtime.link(probe, probe)).toThrow(InvalidOptionError);
  });
});

test.each([
  [{ strategy: 'all' }, 'strategy'],
  [{ maxRestarts: -1 }, 'maxRestarts'],
  [{ withinMs: 0 }, 'withinMs'],
  [{ name: 'a/b' }, 'name'],
  [{ backOff: { firstMs: 0 } }, 'firstMs'],
  [{ backOff: { firstMs: 1, factor: 0.5 } }, 'factor'],
  [{ backoff: {} }, 'backoff'],
  [{ checkpointEveryMs: 0 }, 'checkpointEveryMs'],
])('supervise(%j) is refused', (options, option) => {
  const call = () => runtime.supervise(options as never);
  expect(call).toThrow(InvalidOptionError);
  expect(call).toThrow(option);
});

test.each([
  [{ restart: 'always' }, 'restart'],
  [{ restartState: 'last' }, 'restartState'],
  [{ instance: 1 }, 'instance'],
])('launch(%j) of a supervisor is refused', async (options, option) => {
  const supervisor = runtime.supervise();
  await expect(supervisor.launch(Counter, options as never)).rejects.toThrow(option);
  expect(supervisor.children).toEqual([]);
});
