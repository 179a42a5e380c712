import { Collector, Counter, Echo, Fragile, Ring, Source } from '../actors.ts';
import { equal } from '../assert.ts';
import { type CaseList, caseList } from '../case.ts';

export const lockstep: CaseList = caseList('lockstep');

lockstep.lockstep('nothing happens between rounds', async (t) => {
  const kernel = await t.launch(Echo);
  await kernel.inject(0, 'Say', { value: 1 });
  await t.device.settled();
  equal(kernel.out.length, 0, 'emits before the round');
  await t.step();
  equal(kernel.out.length, 1, 'emits after the round');
});

lockstep.lockstep('what is sent in a round is seen in the next', async (t) => {
  const ring = await t.launch(Ring, { instances: 3 });
  await ring.inject(0, 'Token', { hops: 2, value: 5 });
  for (const handled of [1, 2, 3, 3]) {
    await t.step();
    equal(ring.counters.handled, handled, 'handled');
  }
});

lockstep.lockstep('emits come by address, then in the order emitted', async (t) => {
  const first = await t.launch(Echo, { instances: 70 });
  const second = await t.launch(Counter, { instances: 3 });
  for (let i = 69; i >= 0; i--)
    for (let k = 0; k < 2; k++) await first.inject(i, 'Say', { value: i * 2 + k });
  for (let i = 2; i >= 0; i--)
    for (let k = 0; k < 20; k++) await second.inject(i, 'Add', { by: 1 });
  await t.step();
  equal(
    first.emits('Said').map((m) => m.fields.value),
    Array.from({ length: 140 }, (_, i) => i),
    'order',
  );
  equal(
    second.emits('Milestone').map((m) => m.instance),
    [0, 0, 1, 1, 2, 2],
    'instances',
  );
});

lockstep.lockstep('a stopped kernel keeps its mail over rounds', async (t) => {
  const kernel = await t.launch(Echo);
  await kernel.device.deactivate();
  for (let i = 0; i < 3; i++) {
    await kernel.inject(0, 'Say', { value: i }, { priority: i });
    await t.step();
  }
  await kernel.device.activate();
  await t.step();
  equal(
    kernel.emits('Said').map((m) => m.fields.value),
    [2, 1, 0],
    'order',
  );
});

lockstep.lockstep('a long mixed run: several kinds, faults, priorities, pauses', async (t) => {
  const collector = await t.launch(Collector, { queueCapacity: 32, onFull: 'drop-oldest' });
  const sources = await t.launch(Source, { instances: 20 });
  const ring = await t.launch(Ring, { instances: 90 });
  const fragile = await t.launch(Fragile, { instances: 6 });
  let lcg = 12_345;
  const next = (n: number): number => {
    lcg = (Math.imul(lcg, 1_103_515_245) + 12_345) >>> 0;
    return (lcg >>> 8) % n;
  };
  for (let round = 0; round < 60; round++) {
    for (let k = next(6); k > 0; k--) {
      await sources.inject(
        next(20),
        'Burst',
        { target: collector.address, count: next(8) },
        { priority: next(4) },
      );
    }
    if (next(3) === 0)
      await ring.inject(next(90), 'Token', { hops: next(40), value: next(1_000_000) });
    await fragile.inject(next(5), 'Write', { index: next(5), value: round });
    await fragile.inject(5, 'Write', { index: next(4), value: round }, { priority: next(4) });
    if (round === 20) await collector.device.deactivate();
    if (round === 30) await collector.device.activate();
    await t.step();
  }
  await t.step(45);
});
