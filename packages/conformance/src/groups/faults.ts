import { Fragile } from '../actors.ts';
import { equal, ok } from '../assert.ts';
import { type CaseList, caseList } from '../case.ts';

export const faults: CaseList = caseList('faults');

faults.lockstep(
  'a write out of bounds: dropped, reported with site and index, the handler goes on',
  async (t) => {
    const kernel = await t.launch(Fragile, { instances: 2 });
    await kernel.inject(0, 'Write', { index: 9, value: 1 });
    await kernel.inject(1, 'Write', { index: 3, value: 1 });
    await t.step();
    equal(
      kernel.faults.map((f) => [f.instance, f.value]),
      [[0, 9]],
      'faults',
    );
    ok((kernel.faults[0]?.site ?? 0) > 0, 'the fault has a site');
    equal(await kernel.state(0), { handled: 1, xs: [0, 0, 0, 0] }, 'state of the faulted instance');
  },
);

faults.lockstep('ctx.fail ends the handler', async (t) => {
  const kernel = await t.launch(Fragile, { instances: 2 });
  await kernel.inject(0, 'Fail', { code: 77 }, { wantsReply: true, correlationLow: 5 });
  await t.step();
  equal(
    kernel.faults.map((f) => [f.instance, f.value, f.correlationLow]),
    [[0, 77, 5]],
    'faults',
  );
  equal(kernel.out, [], 'replies');
});

faults.lockstep(
  'what a faulted instance has not handled becomes dead letters; its neighbours go on',
  async (t) => {
    const kernel = await t.launch(Fragile, { instances: 3 });
    for (let i = 0; i < 3; i++) await kernel.inject(i, 'Work');
    await kernel.inject(1, 'Fail', { code: 1 });
    for (let i = 0; i < 3; i++) await kernel.inject(i, 'Work');
    await t.step();
    for (let i = 0; i < 3; i++) await kernel.inject(i, 'Work');
    await t.step();
    equal(
      kernel.letters.map((l) => [l.reason, l.destination - kernel.address]),
      [
        ['instance-failed', 1],
        ['instance-failed', 1],
      ],
      'dead letters',
    );
    equal((await kernel.state(2)).handled, 3, 'a neighbour');
  },
);

faults.async('a caller learns of the fault', async (t) => {
  const kernel = await t.launch(Fragile, { instances: 2 });
  const outcome = await kernel.call(0, 'Fail', { code: 3 }).then(
    () => 'answered',
    () => 'rejected',
  );
  equal(outcome, 'rejected', 'the call');
  equal(kernel.counters.errors, 1, 'errors');
});

faults.async('a kernel of one instance fails with it and takes nothing more', async (t) => {
  const kernel = await t.launch(Fragile);
  await kernel.inject(0, 'Write', { index: 4, value: 1 });
  await t.device.settled();
  equal(kernel.device.state, 'failed', 'state');
  equal(kernel.tryInject(0, 'Work'), 'closed', 'inject');
});

faults.async('reading out of bounds gives zero and faults', async (t) => {
  const kernel = await t.launch(Fragile, { instances: 2 });
  await kernel.inject(0, 'Read', { index: 0xffff_ffff }, { wantsReply: true, correlationLow: 1 });
  await t.device.settled();
  equal(
    kernel.out.map((m) => m.fields),
    [{ value: 0 }],
    'reply',
  );
  equal(
    kernel.faults.map((f) => f.value),
    [0xffff_ffff],
    'faults',
  );
});
