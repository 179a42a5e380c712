import { actor, ref, u32 } from '@ringkernel/core';
import { Echo, Fragile } from '../actors.ts';
import { equal } from '../assert.ts';
import { type CaseList, caseList } from '../case.ts';

export const deadLetters: CaseList = caseList('dead-letters');

/** Lets others work, whether they can or not. */
const Boss = actor('Boss', {
  state: { told: u32 },
  messages: { Tell: { to: ref(() => Fragile) } },
  on: {
    Tell(ctx, m) {
      ctx.state.told += 1;
      ctx.send(m.to, 'Work', {});
    },
  },
});

deadLetters.lockstep('a letter has all that was sent', async (t) => {
  const kernel = await t.launch(Echo, {
    instances: 3,
    queueCapacity: 1,
    onFull: 'drop-oldest',
    activate: false,
  });
  const asked = { wantsReply: true, correlationLow: 77, priority: 0 };
  await kernel.inject(2, 'Ask', { value: 0xffff_ffff }, asked);
  await kernel.inject(2, 'Say', { value: 1 });
  await t.step();
  equal(
    kernel.letters,
    [
      {
        reason: 'queue-full',
        name: 'Ask',
        source: 0,
        destination: kernel.address + 2,
        priority: 0,
        correlation: 77,
        fields: { value: 0xffff_ffff },
      },
    ],
    'letters',
  );
  await kernel.device.activate();
  await t.step();
});

deadLetters.lockstep('a letter from an actor has its address', async (t) => {
  const fragile = await t.launch(Fragile, { instances: 2 });
  const boss = await t.launch(Boss, { instances: 2 });
  await fragile.inject(1, 'Fail', { code: 4 });
  await t.step();
  await boss.inject(1, 'Tell', { to: fragile.address + 1 });
  await t.step(2);
  equal(
    fragile.letters.map((l) => [l.reason, l.name, l.source, l.destination]),
    [['instance-failed', 'Work', boss.address + 1, fragile.address + 1]],
    'letters',
  );
});

deadLetters.lockstep(
  'each reason is counted under its name, by the kernel it was for',
  async (t) => {
    const fragile = await t.launch(Fragile, {
      instances: 2,
      queueCapacity: 2,
      onFull: 'drop-oldest',
    });
    const boss = await t.launch(Boss);
    await fragile.inject(0, 'Fail', { code: 4 });
    await t.step();
    await fragile.inject(0, 'Work');
    for (let i = 0; i < 4; i++) await fragile.inject(1, 'Work');
    await boss.inject(0, 'Tell', { to: 640_000 });
    await t.step(2);
    const { deadLettered } = fragile.counters;
    equal([deadLettered['instance-failed'], deadLettered['queue-full']], [1, 2], 'of the failing');
    equal(boss.counters.deadLettered['not-found'], 1, 'of the sender, since nobody was there');
    equal(
      [fragile, boss].map(({ letters }) => letters.length),
      [3, 1],
      'letters',
    );
  },
);

deadLetters.async('what a kernel leaves behind is handled when it is sent again', async (t) => {
  const first = await t.launch(Echo, { activate: false, instances: 2 });
  for (let value = 0; value < 10; value++) await first.inject(1, 'Say', { value });
  await first.device.terminate(0);
  equal(
    first.letters.map((l) => [l.reason, l.fields.value]),
    Array.from({ length: 10 }, (_, value) => ['terminated', value]),
    'letters',
  );
  const second = await t.launch(Echo, { instances: 2 });
  for (const { name, fields, destination } of first.letters) {
    await second.inject(destination - first.address, name, fields);
  }
  await t.device.settled();
  equal(
    second.emits('Said').map((m) => [m.instance, m.fields.value]),
    Array.from({ length: 10 }, (_, value) => [1, value]),
    'handled',
  );
});
