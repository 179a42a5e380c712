import { Fragile, Ledger, Parrot } from '../actors.ts';
import { type CaseList, caseList } from '../case.ts';

export const deadLetters: CaseList = caseList('dead-letters');

deadLetters.add('what an ended kernel left is sent again, in order', async (t) => {
  const runtime = await t.runtime();
  const first = await runtime.launch(Parrot, { instances: 2, autoActivate: false });
  const values = Array.from({ length: 12 }, (_, value) => value);
  for (const value of values) await first.at(1).send('Hear', { value });
  await first.terminate({ timeoutMs: 0 });
  t.equal(
    runtime.deadLetters
      .toArray()
      .map(({ reason, instance, payload }) => [reason, instance, payload]),
    values.map((value) => ['terminated', 1, { value }]),
    'letters',
  );
  const second = await runtime.launch(Parrot, { instances: 2 });
  t.equal((await runtime.deadLetters.replay()).replayed, 12, 'replayed');
  const said: number[] = [];
  for (const _ of values) said.push((await second.at(1).receive('Said')).value);
  t.equal(said, values, 'heard again');
  t.equal(runtime.deadLetters.size, 0, 'letters left');
});

deadLetters.add('what came for a failed instance is there once it was restarted', async (t) => {
  const runtime = await t.runtime();
  const fragile = await runtime.launch(Fragile, { instances: 2 });
  const broken = await fragile
    .at(0)
    .call('Break', { code: 7 })
    .catch((error) => error);
  t.equal([broken.code, broken.value], ['RK_HANDLER_FAULT', 7], 'the caller is told');
  for (let value = 1; value <= 3; value++) await fragile.at(0).send('Add', { value });
  await fragile.at(1).send('Add', { value: 100 });
  await runtime.settled();
  const reasons = runtime.deadLetters.find({ type: 'Add' }).map(({ reason }) => reason);
  t.equal(reasons, Array(3).fill('instance-failed'), 'reasons');
  await fragile.at(0).restart();
  t.equal((await runtime.deadLetters.replay({ type: 'Add' })).replayed, 3, 'replayed');
  await runtime.settled();
  const sums = [(await fragile.at(0).readState()).sum, (await fragile.at(1).readState()).sum];
  t.equal(sums, [6, 100], 'sums');
});

deadLetters.add('what is overdue is not handled', async (t) => {
  const runtime = await t.runtime({ schedule: 'lockstep' });
  const ledger = await runtime.launch(Ledger, { autoActivate: false });
  await ledger.send('Enter', { value: 1 }, { deadlineMs: 1 });
  await ledger.send('Enter', { value: 2 });
  await runtime.step(5);
  await ledger.activate();
  await runtime.step(1);
  t.equal((await ledger.readState()).sum, 2, 'sum');
  const [letter] = runtime.deadLetters;
  t.equal([letter?.reason, letter?.payload], ['expired', { value: 1 }], 'letter');
});

deadLetters.add('a caller is told that its message was dropped', async (t) => {
  const runtime = await t.runtime();
  const settings = { queueCapacity: 1, onFull: 'drop-oldest', autoActivate: false } as const;
  const ledger = await runtime.launch(Ledger, settings);
  const call = ledger.call('Read', {}).catch((error) => [error.code, error.reason]);
  await ledger.send('Enter', { value: 5 });
  t.equal(await call, ['RK_UNDELIVERED', 'queue-full'], 'the caller');
  await ledger.activate();
  await runtime.settled(); // the next message would push this one out, too
  t.equal((await ledger.call('Read', {})).sum, 5, 'sum');
});
