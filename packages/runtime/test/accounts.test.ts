import {
  createRuntime,
  type FullPolicy,
  type HandleOf,
  type PriorityName,
  RingKernelError,
} from '@ringkernel/runtime';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { expectCounted, Probe } from './actors.ts';

type Probes = HandleOf<typeof Probe>;

const priority = fc.constantFrom<PriorityName>('low', 'normal', 'high', 'critical');
const instance = fc.integer({ min: 0, max: 3 });
const operation = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('try' as const), instance, priority }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('call' as const), instance, priority }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('send' as const), instance, priority }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('batch' as const), instance, priority }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('forward' as const), instance, priority }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('nobody' as const), instance, priority }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('fail' as const), instance, priority }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('late' as const), instance, priority }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('tell' as const), instance, priority }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('pause' as const), instance, priority }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('go' as const), instance, priority }) },
);
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

/** Errors that a program must expect; anything else is a bug. */
const expected: readonly string[] = [
  'RK_QUEUE_FULL',
  'RK_TIMEOUT',
  'RK_UNDELIVERED',
  'RK_HANDLER_FAULT',
  'RK_KERNEL_FAILED',
  'RK_KERNEL_TERMINATED',
  'RK_INVALID_STATE_TRANSITION',
];

/** The code of an expected error, `done` without one. */
async function outcome(work: () => unknown): Promise<string> {
  try {
    await work();
    return 'done';
  } catch (error) {
    expect(error).toBeInstanceOf(RingKernelError);
    const { code } = error as RingKernelError;
    expect(expected).toContain(code);
    return code;
  }
}

function start(probes: Probes, { kind, instance: i, priority: p }: Operation): Promise<string> {
  const to = probes.at(i);
  const options = { priority: p, timeoutMs: 20 };
  switch (kind) {
    case 'try':
      return outcome(() => to.trySend('Note', { value: 1 }, { priority: p }));
    case 'call':
      return outcome(async () => {
        const { value } = await to.call('Echo', { value: i }, options);
        expect(value).toBe(i);
      });
    case 'send':
      return outcome(() => to.send('Note', { value: 1 }, options));
    case 'batch':
      return outcome(() => to.sendBatch('Note', Array(6).fill({ value: 1 }), options));
    case 'forward':
      return outcome(() => to.send('Forward', { to: probes.address, value: 1 }, options));
    case 'nobody':
      return outcome(() => to.send('Forward', { to: 5, value: 1 }, options));
    case 'fail':
      return outcome(() => to.call('Fail', { code: i }, options));
    case 'late':
      return outcome(() => to.call('Echo', { value: i }, { ...options, timeoutMs: 1 }));
    case 'tell':
      return outcome(() => to.send('Tell', { count: 3, base: 0 }, options));
    case 'pause':
      return outcome(() => probes.deactivate());
    case 'go':
      return outcome(() => probes.activate());
  }
}

test('whatever a program does, every message is somewhere, and counted once', async () => {
  await using runtime = await createRuntime({ backend: 'cpu', backendOptions: { workers: 2 } });
  const policy = fc.constantFrom<FullPolicy>('wait', 'reject', 'drop-oldest');
  const program = fc.array(operation, { minLength: 1, maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(program, policy, fc.boolean(), async (operations, onFull, drain) => {
      const probes = await runtime.launch(Probe, {
        instances: 4,
        queueCapacity: 4,
        outputQueueCapacity: 4,
        onFull,
      });
      const outcomes = operations.map((each) => start(probes, each));
      await Promise.all(outcomes);
      await runtime.settled();
      expectCounted(runtime);
      await probes.terminate({ timeoutMs: drain ? 5_000 : 0 });
      expectCounted(runtime);
      const { counts, kernels } = runtime.summary();
      expect([counts.pending, kernels]).toEqual([0, []]);
    }),
    { numRuns: 60 },
  );
  const { counts, deadLetteredByReason: by } = runtime.summary();
  expect(counts.sent).toBeGreaterThan(100);
  const all = Object.values(by).reduce((sum, count) => sum + count, 0);
  expect(runtime.deadLetters.size + runtime.deadLetters.evicted).toBe(all);
});
