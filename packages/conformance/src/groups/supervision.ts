import { codecOf } from '@ringkernel/core';
import { Echo, Fragile, Source } from '../actors.ts';
import { equal } from '../assert.ts';
import { type CaseList, caseList } from '../case.ts';
import type { TestKernel } from '../harness.ts';

export const supervision: CaseList = caseList('supervision');

/** The bytes of a state of `Fragile`. */
function fragileState(kernel: TestKernel, handled: number, xs: readonly number[]): Uint8Array {
  const codec = codecOf(kernel.image.state);
  const bytes = new Uint8Array(codec.size);
  codec.encode(new DataView(bytes.buffer), 0, { handled, xs });
  return bytes;
}

supervision.lockstep('a restarted instance starts from zero and handles messages', async (t) => {
  const kernel = await t.launch(Fragile, { instances: 3 });
  for (let i = 0; i < 3; i++) await kernel.inject(i, 'Write', { index: 1, value: 5 });
  await kernel.inject(1, 'Fail', { code: 1 });
  await t.step();
  await kernel.device.restart(1, null);
  equal(await kernel.state(1), { handled: 0, xs: [0, 0, 0, 0] }, 'state after the restart');
  for (let i = 0; i < 3; i++) await kernel.inject(i, 'Work');
  await t.step();
  equal((await kernel.state(1)).handled, 1, 'the restarted instance');
  equal((await kernel.state(2)).handled, 2, 'a neighbour');
});

supervision.lockstep('a restarted instance starts from the state that is given', async (t) => {
  const kernel = await t.launch(Fragile, { instances: 2 });
  await kernel.inject(0, 'Fail', { code: 1 });
  await t.step();
  await kernel.device.restart(0, fragileState(kernel, 7, [1, 2, 3, 4]));
  await kernel.inject(0, 'Work');
  await t.step();
  equal(await kernel.state(0), { handled: 8, xs: [1, 2, 3, 4] }, 'state');
});

supervision.lockstep('a sound instance can be restarted, too', async (t) => {
  const kernel = await t.launch(Fragile, { instances: 2 });
  await kernel.inject(0, 'Work');
  await kernel.inject(1, 'Work');
  await t.step();
  await kernel.device.restart(0, null);
  await kernel.inject(0, 'Work');
  await t.step();
  equal((await kernel.state(0)).handled, 1, 'the restarted instance');
  equal((await kernel.state(1)).handled, 1, 'its neighbour');
});

supervision.lockstep('dead-letter: what waited for a failed instance is buried', async (t) => {
  const kernel = await t.launch(Fragile, { instances: 2, onFailure: 'dead-letter' });
  await kernel.inject(0, 'Fail', { code: 1 });
  for (let i = 0; i < 3; i++) await kernel.inject(0, 'Work');
  await t.step();
  await kernel.inject(0, 'Work');
  await t.step();
  equal(
    kernel.letters.map((l) => l.reason),
    Array(4).fill('instance-failed'),
    'dead letters',
  );
  await kernel.device.restart(0, null);
  await t.step();
  equal((await kernel.state(0)).handled, 0, 'handled after the restart');
});

supervision.lockstep('wait: what waited is handled after the restart, by priority', async (t) => {
  const kernel = await t.launch(Fragile, { onFailure: 'wait' });
  await kernel.inject(0, 'Fail', { code: 1 }, { priority: 3 });
  for (let i = 0; i < 3; i++) await kernel.inject(0, 'Write', { index: i, value: i + 1 });
  await t.step();
  await kernel.inject(0, 'Write', { index: 0, value: 9 });
  await t.step(3);
  equal(kernel.device.state, 'active', 'state of a kernel that waits for a restart');
  equal(kernel.counters.pending, 4, 'pending');
  equal(kernel.letters, [], 'dead letters');
  await kernel.inject(0, 'Write', { index: 2, value: 8 }, { priority: 3 });
  await t.step();
  await kernel.device.restart(0, null);
  await t.step();
  equal(await kernel.state(0), { handled: 5, xs: [9, 2, 3, 0] }, 'state');
});

supervision.lockstep('wait: an instance fails twice and keeps the rest both times', async (t) => {
  const kernel = await t.launch(Fragile, { instances: 2, onFailure: 'wait' });
  for (const name of ['Work', 'Fail', 'Work', 'Fail', 'Work']) {
    await kernel.inject(1, name, name === 'Fail' ? { code: 2 } : {});
  }
  await t.step();
  await kernel.device.restart(1, null);
  await t.step();
  equal(kernel.faults.length, 2, 'faults');
  equal(kernel.counters.pending, 1, 'pending');
  await kernel.device.restart(1, null);
  await t.step();
  equal((await kernel.state(1)).handled, 1, 'handled after the second restart');
});

supervision.lockstep('wait: a kernel that ends buries what nobody restarted', async (t) => {
  const kernel = await t.launch(Fragile, { instances: 2, onFailure: 'wait' });
  await kernel.inject(1, 'Fail', { code: 2 });
  await kernel.inject(1, 'Work');
  await kernel.inject(0, 'Work');
  await t.step();
  const { drained } = await kernel.device.terminate(1_000);
  equal(drained, false, 'drained');
  equal(
    kernel.letters.map((l) => [l.reason, l.destination - kernel.address]),
    [['terminated', 1]],
    'dead letters',
  );
});

supervision.lockstep(
  'rollback: a handler that faults leaves the state as it found it',
  async (t) => {
    const kernel = await t.launch(Fragile, { instances: 3, rollback: true });
    for (let i = 0; i < 3; i++) await kernel.inject(i, 'Write', { index: 2, value: 6 });
    await kernel.inject(1, 'Fail', { code: 1 });
    await kernel.inject(2, 'Write', { index: 4, value: 1 });
    await t.step();
    for (let i = 0; i < 3; i++) {
      equal(await kernel.state(i), { handled: 1, xs: [0, 0, 6, 0] }, `state of instance ${i}`);
    }
    equal(kernel.counters.errors, 2, 'errors');
  },
  ['rollback'],
);

supervision.async(
  'rollback: on the way through a mailbox, too',
  async (t) => {
    const kernel = await t.launch(Fragile, { instances: 2, rollback: true, activate: false });
    for (let i = 0; i < 2; i++) await kernel.inject(1, 'Work');
    await kernel.inject(1, 'Fail', { code: 1 });
    await kernel.device.activate();
    await t.device.settled();
    equal((await kernel.state(1)).handled, 2, 'handled');
  },
  ['rollback'],
);

supervision.async('wait: order survives the restart', async (t) => {
  const kernel = await t.launch(Fragile, { onFailure: 'wait' });
  await kernel.inject(0, 'Fail', { code: 1 });
  for (let i = 0; i < 200; i++) await kernel.inject(0, 'Write', { index: i % 4, value: i });
  await t.device.settled();
  equal(kernel.counters.pending, 200, 'pending');
  await kernel.device.restart(0, null);
  await t.device.settled();
  equal(await kernel.state(0), { handled: 200, xs: [196, 197, 198, 199] }, 'state');
});

supervision.async('wait: a full mailbox holds back its senders until the restart', async (t) => {
  const options = { onFailure: 'wait', queueCapacity: 4 } as const;
  const kernel = await t.launch(Fragile, { ...options, instances: 2 });
  const source = await t.launch(Source);
  await kernel.inject(0, 'Fail', { code: 1 });
  await t.device.settled();
  for (let i = 0; i < 4; i++) equal(kernel.tryInject(0, 'Work'), 'accepted', 'inject');
  await t.device.settled();
  equal(kernel.tryInject(0, 'Work'), 'full', 'inject into the full mailbox');
  await source.inject(0, 'Burst', { target: kernel.address, count: 6 });
  await t.device.settled();
  equal(kernel.counters.parked, 6, 'parked');
  await kernel.device.restart(0, null);
  await t.device.settled();
  equal((await kernel.state(0)).handled, 4, 'handled');
  equal(kernel.counters.pending, 0, 'pending');
});

supervision.async('terminate does not wait for messages that nobody will handle', async (t) => {
  const kernel = await t.launch(Fragile, { onFailure: 'wait', instances: 2 });
  await kernel.inject(0, 'Fail', { code: 1 });
  for (let i = 0; i < 5; i++) await kernel.inject(0, 'Work');
  for (let i = 0; i < 5; i++) await kernel.inject(1, 'Work');
  const { drained } = await kernel.device.terminate(600_000);
  await t.device.settled();
  equal([drained, kernel.counters.handled, kernel.letters.length], [false, 6, 5], 'the end');
});

supervision.async('a kernel that had failed takes messages again', async (t) => {
  const kernel = await t.launch(Echo);
  const fragile = await t.launch(Fragile);
  await fragile.inject(0, 'Fail', { code: 4 });
  await t.device.settled();
  equal(fragile.device.state, 'failed', 'state');
  await fragile.device.restart(0, null);
  equal(fragile.device.state, 'active', 'state after the restart');
  await fragile.inject(0, 'Work');
  await kernel.inject(0, 'Say', { value: 1 });
  await t.device.settled();
  equal((await fragile.state(0)).handled, 1, 'handled');
});

supervision.async('what can not be restarted is refused', async (t) => {
  const kernel = await t.launch(Fragile, { instances: 2 });
  const outcome = (state: Uint8Array | null) =>
    kernel.device.restart(0, state).then(
      () => 'restarted',
      (error: { code?: string }) => error.code,
    );
  equal(await outcome(new Uint8Array(3)), 'RK_INVALID_OPTION', 'a state of the wrong length');
  await kernel.device.terminate(0);
  equal(await outcome(null), 'RK_KERNEL_TERMINATED', 'a terminated kernel');
});
