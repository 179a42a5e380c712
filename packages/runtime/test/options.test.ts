import {
  createRuntime,
  InvalidOptionError,
  NotSupportedError,
  type Runtime,
} from '@ringkernel/runtime';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Probe } from './actors.ts';

const bucket = (perSecond: number) => ({ kind: 'token-bucket', perSecond });

const launches: [name: string, option: string, options: object][] = [
  ['a name nobody knows', 'instancse', { instancse: 3 }],
  ['no instances', 'instances', { instances: 0 }],
  ['half an instance', 'instances', { instances: 1.5 }],
  ['instances in words', 'instances', { instances: '3' }],
  ['no room', 'queueCapacity', { queueCapacity: 0 }],
  ['no room for output', 'outputQueueCapacity', { outputQueueCapacity: -1 }],
  ['no such policy', 'onFull', { onFull: 'drop' }],
  ['neither true nor false', 'autoActivate', { autoActivate: 1 }],
  ['dedicated in words', 'dedicated', { dedicated: 'yes' }],
  ['a rate limit that is a number', 'entrance.rateLimit', { entrance: { rateLimit: 5 } }],
  ['no such kind of limit', 'entrance.rateLimit', { entrance: { rateLimit: { kind: 'leaky' } } }],
  ['a rate of nothing', 'entrance.rateLimit.perSecond', { entrance: { rateLimit: bucket(0) } }],
  [
    'half a burst',
    'entrance.rateLimit.burst',
    { entrance: { rateLimit: { ...bucket(9), burst: 0.5 } } },
  ],
  ['a name of another kind of limit', 'max', { entrance: { rateLimit: { ...bucket(9), max: 3 } } }],
  [
    'no window',
    'entrance.rateLimit.windowMs',
    { entrance: { rateLimit: { kind: 'sliding-window', max: 3 } } },
  ],
  [
    'a high-water mark of nothing',
    'entrance.waterMarks.highWater',
    { entrance: { waterMarks: { highWater: 0 } } },
  ],
  [
    'a low mark above the high',
    'entrance.waterMarks.lowWater',
    { entrance: { waterMarks: { highWater: 3, lowWater: 3 } } },
  ],
  ['an entrance in words', 'entrance', { entrance: 'open' }],
  ['no such name at the entrance', 'ratelimit', { entrance: { ratelimit: bucket(9) } }],
  [
    'a mark that the mailboxes never reach',
    'entrance.waterMarks.highWater',
    { entrance: { waterMarks: { highWater: 7 } }, instances: 2, queueCapacity: 3 },
  ],
  [
    'marks that hold nobody',
    'entrance.waterMarks',
    { entrance: { waterMarks: { highWater: 3 } }, onFull: 'drop-oldest' },
  ],
  ['no window to find duplicates in', 'dedupe.windowMs', { dedupe: { windowMs: 0 } }],
  ['no ids to remember', 'dedupe.capacity', { dedupe: { capacity: 0 } }],
  ['a tenant without a name', 'tenant', { tenant: '' }],
  ['an engagement without a name', 'engagement', { engagement: '' }],
  ['an engagement of nobody', 'engagement', { engagement: 'audit' }],
  ['tags that are no list', 'tags', { tags: 'hot' }],
  ['an empty id', 'id', { id: '' }],
  ['an id that is no text', 'id', { id: 7 }],
];

const creations: [name: string, option: string, options: object][] = [
  ['a name nobody knows', 'backends', { backends: 'cpu' }],
  ['no such backend', 'backend', { backend: 'gpu' }],
  ['a backend that is none', 'backend', { backend: { name: 'x' } }],
  ['no such schedule', 'schedule', { schedule: 'sync' }],
  ['a seed below 0', 'seed', { seed: -1 }],
  ['a seed above u32', 'seed', { seed: 2 ** 32 }],
  ['a node above 65535', 'nodeId', { nodeId: 65_536 }],
  ['a device that is no text', 'device', { device: 0 }],
  ['backend options that are none', 'backendOptions', { backendOptions: 3 }],
  ['a backend option that the backend does not know', 'worker', { backendOptions: { worker: 3 } }],
  ['a capacity below 0', 'deadLetterCapacity', { deadLetterCapacity: -1 }],
  ['a k2k option nobody knows', 'maxHop', { k2k: { maxHop: 3 } }],
  ['too many hops', 'k2k.maxHops', { k2k: { maxHops: 256 } }],
  ['a delivery time-out below 0', 'k2k.deliveryTimeoutMs', { k2k: { deliveryTimeoutMs: -1 } }],
  ['nothing may be pending', 'k2k.maxPending', { k2k: { maxPending: 0 } }],
  ['receipts below 0', 'k2k.receiptCapacity', { k2k: { receiptCapacity: -1 } }],
  ['an age of receipts below 0', 'k2k.receiptAgeMs', { k2k: { receiptAgeMs: -1 } }],
  ['retained below 0', 'maxRetained', { maxRetained: -1 }],
  ['bytes below 0', 'deadLetterBytes', { deadLetterBytes: -1 }],
  ['an age below 0', 'deadLetterAgeMs', { deadLetterAgeMs: -1 }],
];

const deliveries: [name: string, option: string, options: object][] = [
  ['a name nobody knows', 'prio', { prio: 'high' }],
  ['no such priority', 'priority', { priority: 'urgent' }],
  ['a deadline in the past', 'deadlineMs', { deadlineMs: -1 }],
  ['a deadline too far away', 'deadlineMs', { deadlineMs: 2 ** 31 }],
];

describe('options', () => {
  let runtime: Runtime;
  beforeAll(async () => {
    runtime = await createRuntime({ backend: 'cpu' });
  });
  afterAll(() => runtime.close());

  test.each(launches)('launch: %s', async (_, option, options) => {
    const launch = runtime.launch(Probe, options);
    await expect(launch).rejects.toThrow(InvalidOptionError);
    await expect(launch).rejects.toMatchObject({ option });
    expect(runtime.kernelIds).toEqual([]);
  });

  test.each(creations)('createRuntime: %s', async (_, option, options) => {
    const creation = createRuntime({ backend: 'cpu', ...options } as object);
    await expect(creation).rejects.toThrow(InvalidOptionError);
    await expect(creation).rejects.toMatchObject({ option });
  });

  test.each(deliveries)('messages: %s', async (_, option, options) => {
    await using probe = await runtime.launch(Probe);
    const wrong = { code: 'RK_INVALID_OPTION', option };
    await expect(probe.send('Note', { value: 1 }, options)).rejects.toMatchObject(wrong);
    await expect(probe.call('Echo', { value: 1 }, options)).rejects.toMatchObject(wrong);
    await expect(probe.sendBatch('Note', [{ value: 1 }], options)).rejects.toMatchObject(wrong);
    expect(() => probe.trySend('Note', { value: 1 }, options)).toThrow(InvalidOptionError);
    expect(probe.metrics().sent).toBe(0);
  });

  test('options of the wrong kind of sending', async () => {
    await using probe = await runtime.launch(Probe);
    const wait = { timeoutMs: 3 } as object;
    expect(() => probe.trySend('Note', { value: 1 }, wait)).toThrow(InvalidOptionError);
    const own = { correlation: 3n } as object;
    await expect(probe.call('Echo', { value: 1 }, own)).rejects.toThrow(InvalidOptionError);
    await expect(probe.sendBatch('Note', [], own)).rejects.toThrow(InvalidOptionError);
    for (const timeoutMs of [-1, Number.NaN, '3' as unknown as number]) {
      await expect(probe.send('Note', { value: 1 }, { timeoutMs })).rejects.toThrow('timeoutMs');
      await expect(probe.terminate({ timeoutMs })).rejects.toThrow(InvalidOptionError);
    }
    const signal = {} as AbortSignal;
    await expect(probe.send('Note', { value: 1 }, { signal })).rejects.toThrow('an AbortSignal');
  });

  test('a definition that is none', async () => {
    await expect(runtime.launch({} as typeof Probe)).rejects.toMatchObject({
      option: 'definition',
    });
  });

  test('seed: the same draws, others with another', async () => {
    const { Dice } = await import('./dice.ts');
    const draws = async (seed: number) => {
      await using seeded = await createRuntime({ backend: 'cpu', seed });
      const dice = await seeded.launch(Dice);
      return await Promise.all([1, 2, 3].map(() => dice.call('Roll', {})));
    };
    const [a, b, c] = [await draws(7), await draws(7), await draws(8)];
    expect(a).toEqual(b);
    expect(a).not.toEqual(c);
  });

  test('nodeId: part of every message id', async () => {
    await using other = await createRuntime({ backend: 'cpu', nodeId: 0xbeef });
    const probe = await other.launch(Probe);
    expect((await probe.send('Note', { value: 1 })) >> 48n).toBe(0xbeefn);
  });

  test('deadLetterCapacity: the newest are kept, the others counted', async () => {
    await using other = await createRuntime({ backend: 'cpu', deadLetterCapacity: 3 });
    const probe = await other.launch(Probe);
    for (let value = 0; value < 5; value++) await probe.send('Forward', { to: 999, value });
    await other.settled();
    expect(other.deadLetters).toMatchObject({ size: 3, capacity: 3, evicted: 2 });
    const kept = [...other.deadLetters].map(({ payload }) => payload);
    expect(kept).toEqual([{ value: 2 }, { value: 3 }, { value: 4 }]);
    await using none = await createRuntime({ backend: 'cpu', deadLetterCapacity: 0 });
    const silent = await none.launch(Probe);
    await silent.send('Forward', { to: 999, value: 1 });
    await none.settled();
    expect(none.deadLetters).toMatchObject({ size: 0, evicted: 1 });
  });

  test('backendOptions reach the backend', async () => {
    const workers = { backendOptions: { workers: 0 } };
    await expect(createRuntime({ backend: 'cpu', ...workers })).rejects.toMatchObject({
      option: 'workers',
    });
  });

  test('device: the one asked for', async () => {
    await using named = await createRuntime({ backend: 'cpu', device: 'cpu' });
    expect(named.device.id).toBe('cpu');
    const wrong = createRuntime({ backend: 'cpu', device: 'cpu:7' });
    await expect(wrong).rejects.toMatchObject({ code: 'RK_BACKEND_UNAVAILABLE' });
    await expect(wrong).rejects.toThrow("no device 'cpu:7', there are: cpu");
  });
});

test('dedicated is refused where the device has no part for a single instance', async () => {
  await using runtime = await createRuntime({ backend: 'cpu' });
  expect(runtime.device.capabilities).not.toContain('dedicated');
  const launch = runtime.launch(Probe, { dedicated: true });
  await expect(launch).rejects.toThrow(NotSupportedError);
});
