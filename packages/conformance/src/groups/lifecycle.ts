import { Counter, Echo } from '../actors.ts';
import { equal, ok } from '../assert.ts';
import { type CaseList, caseList } from '../case.ts';

export const lifecycle: CaseList = caseList('lifecycle');

lifecycle.async('a launched kernel queues and runs when it is activated', async (t) => {
  const kernel = await t.launch(Counter, { activate: false });
  equal(kernel.device.state, 'launched', 'state');
  for (let i = 0; i < 5; i++) await kernel.inject(0, 'Add', { by: 2 });
  await t.device.settled();
  equal(kernel.counters.handled, 0, 'handled before activation');
  equal(kernel.counters.pending, 5, 'pending before activation');
  await kernel.device.activate();
  equal(kernel.device.state, 'active', 'state');
  await t.device.settled();
  equal(await kernel.state(0), { count: 5, total: 10n, low: 0 }, 'state after activation');
});

lifecycle.async(
  'messages queue while deactivated and are handled in order afterwards',
  async (t) => {
    const kernel = await t.launch(Echo);
    await kernel.inject(0, 'Say', { value: 0 });
    await t.device.settled();
    await kernel.device.deactivate();
    equal(kernel.device.state, 'deactivated', 'state');
    for (let value = 1; value <= 20; value++) await kernel.inject(0, 'Say', { value });
    await t.device.settled();
    equal(kernel.emits('Said').length, 1, 'emits while deactivated');
    equal(kernel.counters.pending, 20, 'pending while deactivated');
    await kernel.device.activate();
    await t.device.settled();
    equal(
      kernel.emits('Said').map((m) => m.fields.value),
      Array.from({ length: 21 }, (_, i) => i),
      'order',
    );
  },
);

lifecycle.async('a state can be read at every moment of the end', async (t) => {
  const kernel = await t.launch(Counter, { instances: 3 });
  for (const i of [0, 1, 2]) await kernel.inject(i, 'Add', { by: 5 });
  await t.device.settled();
  let over = false;
  const ended = kernel.device.terminate(1_000).then(() => {
    over = true;
  });
  while (!over) {
    equal((await kernel.state(1)).count, 1, 'while it ends');
    await t.turn(); // a state that is at hand gives nothing else its turn
  }
  await ended;
  equal((await kernel.state(2)).count, 1, 'when it has ended');
});

lifecycle.async('a launch that the end of the device comes upon', async (t) => {
  const launches = [0, 1, 2].map(() => t.launch(Counter, { instances: 70, activate: false }));
  const settled = Promise.allSettled(launches);
  await t.device.close();
  for (const launched of await settled) {
    const what =
      launched.status === 'fulfilled' ? launched.value.device.state : launched.reason.code;
    ok(what === 'terminated' || what === 'RK_DEVICE_CLOSED', `it is ${what}`);
  }
});

lifecycle.async('everything asked of a device that ends has an answer', async (t) => {
  const kernel = await t.launch(Counter, { instances: 4, living: 3, queueCapacity: 1 });
  const { device } = kernel;
  for (const i of [0, 1, 2]) await kernel.inject(i, 'Add', { by: 1 });
  const other = await t.launch(Counter, { activate: false, queueCapacity: 1 });
  await other.inject(0, 'Add', { by: 1 });
  const asked = {
    deactivate: device.deactivate(),
    activate: device.activate(),
    readState: device.readState(0),
    restart: device.restart(0, null),
    spawn: device.spawn(3, null),
    retire: device.retire(1),
    room: other.device.room(0),
    terminate: device.terminate(1_000),
    settled: t.device.settled(),
  };
  const answers = Promise.allSettled(Object.values(asked));
  await t.device.close();
  for (const [i, answer] of (await answers).entries()) {
    const code = answer.status === 'fulfilled' ? 'RK_' : String(answer.reason.code);
    ok(code.startsWith('RK_'), `${Object.keys(asked)[i]} was answered with ${code}`);
  }
});

lifecycle.async('terminate drains what waits', async (t) => {
  const kernel = await t.launch(Echo);
  for (let value = 0; value < 100; value++) await kernel.inject(0, 'Say', { value });
  const { drained } = await kernel.device.terminate(5_000);
  ok(drained, 'drained');
  equal(kernel.device.state, 'terminated', 'state');
  await t.device.settled();
  equal(kernel.emits('Said').length, 100, 'handled before the end');
});

lifecycle.async('terminate without a limit waits for all', async (t) => {
  const kernel = await t.launch(Echo, { instances: 4, queueCapacity: 8_192 });
  for (let value = 0; value < 8_000; value++) await kernel.inject(value & 3, 'Say', { value });
  const { drained } = await kernel.device.terminate(Number.POSITIVE_INFINITY);
  ok(drained, 'drained');
  await t.device.settled();
  equal(kernel.emits('Said').length, 8_000, 'handled before the end');
});

lifecycle.async(
  'terminate without time gives back what was not handled as dead letters',
  async (t) => {
    const kernel = await t.launch(Echo, { activate: false });
    for (let value = 0; value < 10; value++) await kernel.inject(0, 'Say', { value });
    const { drained } = await kernel.device.terminate(0);
    await t.device.settled();
    equal(drained, false, 'drained');
    equal(
      kernel.letters.map((l) => [l.reason, l.fields.value]),
      Array.from({ length: 10 }, (_, i) => ['terminated', i]),
      'dead letters',
    );
  },
);

lifecycle.async('a terminated kernel takes nothing more', async (t) => {
  const kernel = await t.launch(Counter);
  await kernel.device.terminate(1_000);
  equal(kernel.tryInject(0, 'Add', { by: 1 }), 'closed', 'inject');
  kernel.device.refuse(1);
  equal(kernel.counters.rejected, 1, 'rejected');
});

lifecycle.async('kernels come and go beside each other', async (t) => {
  const first = await t.launch(Counter, { id: 'first', instances: 3 });
  const second = await t.launch(Echo, { id: 'second' });
  await first.inject(2, 'Add', { by: 7 });
  await t.device.settled();
  await first.device.terminate(1_000);
  const third = await t.launch(Counter, { id: 'third' });
  await third.inject(0, 'Add', { by: 1 });
  await second.inject(0, 'Say', { value: 9 });
  await t.device.settled();
  equal(await third.state(0), { count: 1, total: 1n, low: 0 }, 'a new kernel starts from zero');
  equal(second.emits('Said').length, 1, 'a neighbour goes on');
});

lifecycle.async('states start at zero for every instance', async (t) => {
  const kernel = await t.launch(Counter, { instances: 200 });
  for (const i of [0, 1, 63, 64, 127, 199]) {
    equal(await kernel.state(i), { count: 0, total: 0n, low: 0 }, `state of instance ${i}`);
  }
});

lifecycle.async(
  'dedicated: a kernel waits, handles, stops, goes on and drains as any other',
  async (t) => {
    const kernel = await t.launch(Echo, { instances: 3, dedicated: true, activate: false });
    const say = async (): Promise<void> => {
      for (let i = 0; i < 60; i++) await kernel.inject(i % 3, 'Say', { value: i });
    };
    await say();
    equal(kernel.counters.handled, 0, 'handled before it is active');
    await kernel.device.activate();
    await t.device.settled();
    await kernel.device.deactivate();
    await say();
    equal(kernel.counters.handled, 60, 'handled while it was active');
    await kernel.device.activate();
    equal((await kernel.device.terminate(10_000)).drained, true, 'drained');
    for (let i = 0; i < 3; i++)
      equal((await kernel.state(i)).handled, 40, `state of instance ${i}`);
  },
  ['dedicated'],
);
