import type { FullPolicy, Schedule } from '@ringkernel/core';
import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import {
  Collected,
  type HandWritten,
  launchOptions,
  plain,
  two,
  type writeTwo,
} from './hand-written.ts';
import { closeAll, launch, open } from './opened.ts';

afterEach(closeAll);

/**
 * Every message has a generation that counts down. Its receiver emits what it got and passes on two messages to
 * instances that an LCG chooses, with priorities that it chooses too; each message carries the sender's own number
 * for this receiver and priority, so that gaps and swaps show.
 */
const gossip: HandWritten = {
  image: {
    name: 'gossip',
    hash: 2,
    state: { ...two, size: 8 },
    messages: [{ name: 'rumour', id: 1, layout: { ...two, size: 16 } }],
    emits: [{ name: 'heard', id: 2, layout: { ...two, size: 16 } }],
    program: { kind: 'host' },
  },
  text: `
    const a = new Uint32Array(env.arena), m = new Uint32Array(env.memory);
    const s0 = env.stateOffset >>> 2, stride = env.stateStride >>> 2, n = env.instances;
    const numbers = new Map();
    return {
      run(self, h) {
        const p = (h >>> 2) + 16, s = s0 + self * stride;
        const left = a[p], source = a[(h >>> 2) + 12], priority = a[(h >>> 2) + 3] & 3;
        m[s + 1]++;
        const o = env.emit(self, h, 2, 16) >>> 2;
        a[o] = left; a[o + 1] = source; a[o + 2] = a[p + 1]; a[o + 3] = priority;
        if (left === 0) return true;
        for (let k = 0; k < 2; k++) {
          m[s] = (Math.imul(m[s] + self, 1664525) + 1013904223) >>> 0;
          const to = m[s] >>> 8, target = to % n, pr = a[p + 2] !== 0 ? (to >>> 4) % 4 : 1;
          const key = (self * n + target) * 4 + pr;
          const number = numbers.get(key) ?? 0;
          numbers.set(key, number + 1);
          const q = env.send(self, h, env.baseAddress + target, 1, 16, pr) >>> 2;
          a[q] = left - 1; a[q + 1] = number; a[q + 2] = a[p + 2]; a[q + 3] = 0;
        }
        return true;
      },
    };`,
};

const writeRumour: typeof writeTwo = (view, offset, [left, mixed]) => {
  view.setUint32(offset, left, true);
  view.setUint32(offset + 8, mixed, true);
};

interface Traffic {
  readonly workers: number;
  readonly instances: number;
  readonly laneCapacity: number;
  readonly depth: number;
  readonly mixed: boolean;
  readonly seeds: number;
}

async function run(t: Traffic, schedule: Schedule, onFull: FullPolicy = 'wait') {
  const { workers, laneCapacity, instances, seeds } = t;
  const device = await open({ workers, laneCapacity }, { schedule });
  const seen = new Collected();
  const kernel = await launch(device, gossip, { ...launchOptions(), instances, onFull }, seen);
  const [rumour] = gossip.image.messages;
  if (rumour === undefined) throw new Error('the image has a message');
  for (let i = 0; i < seeds; i++) {
    kernel.inject(i % instances, rumour, writeRumour, [t.depth, t.mixed ? 1 : 0], plain);
  }
  if (schedule === 'lockstep') await device.step(t.depth + 2);
  await device.settled();
  const counters = kernel.counters();
  const states = await Promise.all(
    Array.from({ length: instances }, async (_, i) => [...(await kernel.readState(i))]),
  );
  await device.close();
  return { seen, counters, states };
}

const traffic: fc.Arbitrary<Traffic> = fc.record({
  workers: fc.integer({ min: 1, max: 3 }),
  instances: fc.integer({ min: 1, max: 200 }),
  laneCapacity: fc.constantFrom(64, 256, 4096),
  depth: fc.integer({ min: 0, max: 9 }),
  mixed: fc.boolean(),
  seeds: fc.integer({ min: 1, max: 20 }),
});

test('random traffic: nothing is lost, each pair keeps its order, the counters add up', async () => {
  await fc.assert(
    fc.asyncProperty(traffic, async (t) => {
      const { seen, counters } = await run(t, 'async');
      const total = t.seeds * (2 ** (t.depth + 1) - 1);
      expect(seen.messages.length).toBe(total);
      expect([counters.sent, counters.handled, counters.emitted, counters.pending]).toEqual([
        total,
        total,
        total,
        0,
      ]);
      const next = new Map<string, number>();
      for (const { instance, words } of seen.messages) {
        const [, source, number, priority] = words as [number, number, number, number];
        if (source === 0) continue;
        const pair = `${source}>${instance}@${priority}`;
        expect(number, pair).toBe(next.get(pair) ?? 0);
        next.set(pair, number + 1);
      }
    }),
    { numRuns: 25 },
  );
});

test('in lockstep the number of workers changes nothing', async () => {
  await fc.assert(
    fc.asyncProperty(traffic, async (t) => {
      const one = await run({ ...t, workers: 1 }, 'lockstep');
      const three = await run({ ...t, workers: 3, laneCapacity: 64 }, 'lockstep');
      expect(three.states).toEqual(one.states);
      expect(three.seen.messages).toEqual(one.seen.messages);
      expect({ ...three.counters, latency: 0, busyMs: 0, memoryBytes: 0 }).toEqual({
        ...one.counters,
        latency: 0,
        busyMs: 0,
        memoryBytes: 0,
      });
    }),
    { numRuns: 12 },
  );
});
