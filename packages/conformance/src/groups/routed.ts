import { actor, ask, ref, u32 } from '@ringkernel/core';
import { equal } from '../assert.ts';
import { type CaseList, caseList } from '../case.ts';

/** What the host sends in the name of an actor. */
export const routed: CaseList = caseList('k2k');

/** Tells who sent what it hears. */
const Witness = actor('Witness', {
  state: { heard: u32 },
  messages: { Hear: { value: u32 }, Who: ask({}, { sender: u32 }) },
  emits: { Heard: { value: u32, sender: u32 } },
  on: {
    Hear(ctx, m) {
      ctx.state.heard += 1;
      ctx.emit('Heard', { value: m.value, sender: ctx.sender });
    },
    Who(ctx) {
      ctx.reply({ sender: ctx.sender });
    },
  },
});

const Speaker = actor('Speaker', {
  state: { said: u32 },
  messages: { Speak: { to: ref(() => Witness), value: u32 } },
  on: {
    Speak(ctx, m) {
      ctx.state.said += 1;
      ctx.send(m.to, 'Hear', { value: m.value });
    },
  },
});

routed.lockstep('in the name of an actor: its address, and the order of the host', async (t) => {
  const speakers = await t.launch(Speaker, { instances: 3 });
  const witness = await t.launch(Witness, { instances: 2 });
  for (let i = 0; i < 3; i++) {
    await speakers.inject(i, 'Speak', { to: witness.address, value: 100 + i });
  }
  await t.step();
  for (let value = 0; value < 6; value++) {
    const source = value % 2 === 0 ? speakers.address + 2 : 0;
    await witness.inject(0, 'Hear', { value }, { source, priority: value === 3 ? 2 : 1 });
  }
  await t.step();
  const [first, last] = [speakers.address, speakers.address + 2];
  equal(
    witness.emits('Heard').map(({ fields }) => [fields.value, fields.sender]),
    [
      [3, 0],
      [0, last],
      [1, 0],
      [2, last],
      [4, last],
      [5, 0],
      [100, first],
      [101, first + 1],
      [102, last],
    ],
    'heard',
  );
});

routed.lockstep('in the name of an actor: a full mailbox treats it as the host’s', async (t) => {
  const speaker = await t.launch(Speaker);
  const settings = { queueCapacity: 3, onFull: 'drop-oldest', activate: false } as const;
  const witness = await t.launch(Witness, settings);
  await speaker.inject(0, 'Speak', { to: witness.address, value: 100 });
  await t.step();
  for (let value = 0; value < 5; value++) {
    await witness.inject(0, 'Hear', { value }, { source: value % 2 === 0 ? speaker.address : 0 });
  }
  await t.step();
  await witness.device.activate();
  await t.step();
  equal(
    witness.letters.map(({ reason, source, fields }) => [reason, source, fields.value]),
    [
      ['queue-full', speaker.address, 0],
      ['queue-full', 0, 1],
      ['queue-full', speaker.address, 2],
    ],
    'letters',
  );
});

routed.async('in the name of an actor: the reply goes to the host, who asked', async (t) => {
  const speakers = await t.launch(Speaker, { instances: 5 });
  const witness = await t.launch(Witness, { instances: 3 });
  const senders: unknown[] = [];
  for (let i = 0; i < 5; i++) {
    const source = speakers.address + i;
    senders.push((await witness.call(i % 3, 'Who', {}, { source })).sender);
  }
  equal(
    senders,
    [0, 1, 2, 3, 4].map((i) => speakers.address + i),
    'senders',
  );
  equal((await witness.call(0, 'Who')).sender, 0, 'the host itself');
  await witness.device.deactivate();
  const late = witness.call(1, 'Who', {}, { source: speakers.address });
  const told = late.catch((error: Error) => error.message);
  await witness.device.terminate(0);
  equal(await told, 'dead letter: terminated', 'what the host is told');
  equal(witness.letters[0]?.source, speakers.address, 'source of the letter');
});

routed.async('in the name of an actor: it counts against the host’s bounds', async (t) => {
  const speaker = await t.launch(Speaker);
  const settings = { queueCapacity: 4, onFull: 'reject', activate: false } as const;
  const witness = await t.launch(Witness, settings);
  const { address: source } = speaker;
  for (let turn = 0; turn < 3; turn++) {
    for (let value = 0; value < 4; value++) {
      equal(witness.tryInject(0, 'Hear', { value }, { source }), 'accepted', `message ${value}`);
    }
    equal(witness.tryInject(0, 'Hear', { value: 4 }, { source }), 'full', 'one more');
    await witness.device.activate();
    await t.device.settled();
    equal(witness.emits('Heard').length, 4 * (turn + 1), 'heard');
    await witness.device.deactivate();
  }
});
