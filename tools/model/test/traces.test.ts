import { describe, expect, test } from 'vitest';
import { each, hostEach, type Plan, realTrace, type Trace, total } from './real.ts';
import { check, missing } from './spin.ts';

const policies = { wait: 'WAIT', reject: 'REJECT', 'drop-oldest': 'DROP_OLDEST' } as const;
const minutes = 60_000;

const plans: readonly Plan[] = (['wait', 'reject', 'drop-oldest'] as const).flatMap((onFull) =>
  [true, false].flatMap((paused) =>
    [true, false].map((terminated) => ({
      onFull,
      paused,
      terminated,
      workers: paused === terminated ? 2 : 1,
      hostFirst: terminated,
    })),
  ),
);

/** Whether the model can do what the trace says. */
function possible({ onFull }: Plan, { events, refused }: Trace): boolean {
  const trace = [
    `#define TRACE_LENGTH ${events.length}`,
    `byte wanted[${Math.max(1, events.length)}] = { ${events.length === 0 ? 0 : events.join(', ')} };`,
    `#define MAY_REFUSE(m) (${refused.map((m) => `(m) == ${m}`).join(' || ') || 'false'})`,
  ].join('\n');
  // A real lane has room for all of them.
  const sizes = [`EACH=${each}`, `HOST_EACH=${hostEach}`, 'CAPACITY=1', `LANE=${each}`];
  const define = ['TRACE', `POLICY=${policies[onFull]}`, ...sizes];
  const found = check({ define, trace, soon: true });
  return found?.startsWith('assertion violated 0') ?? false;
}

describe('what the CPU backend does with few messages and a mailbox of one', () => {
  test.each(plans)(
    '$onFull, paused $paused, terminated $terminated: all end once',
    async (plan) => {
      const { events, refused } = await realTrace(plan);
      const ended = [...events.map((event) => event >>> 2), ...refused].sort((a, b) => a - b);
      const all = [...Array(hostEach).keys(), ...Array.from({ length: each }, (_, i) => each + i)];
      expect(ended).toEqual(all);
      expect(ended).toHaveLength(total);
    },
  );

  test.skipIf(missing !== undefined).each(plans)(
    '$onFull, paused $paused, terminated $terminated: the model can do it, too',
    async (plan) => {
      expect(possible(plan, await realTrace(plan))).toBe(true);
    },
    5 * minutes,
  );

  test.skipIf(missing !== undefined)(
    'the model can not do what nothing should: handle the second message first, or one twice',
    async () => {
      const plan: Plan = {
        onFull: 'wait',
        paused: false,
        terminated: false,
        workers: 2,
        hostFirst: true,
      };
      const { events, refused } = await realTrace(plan);
      const swapped = events.map((event) => {
        const first = (each + 1) * 4 + 1;
        const second = (each + 2) * 4 + 1;
        if (event === first) return second;
        return event === second ? first : event;
      });
      expect(swapped).not.toEqual(events);
      expect(possible(plan, { events: swapped, refused })).toBe(false);
      const twice = [...events, events[0] as number];
      expect(possible(plan, { events: twice, refused })).toBe(false);
    },
    5 * minutes,
  );
});
