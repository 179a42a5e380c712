import { Ledger } from '../actors.ts';
import { type CaseList, caseList } from '../case.ts';

export const flow: CaseList = caseList('flow');

flow.add('water marks hold senders back and let them go on', async (t) => {
  const runtime = await t.runtime();
  const waterMarks = { highWater: 6, lowWater: 2 };
  const ledgers = await runtime.launch(Ledger, {
    instances: 3,
    entrance: { waterMarks },
    autoActivate: false,
  });
  const sends: Promise<bigint>[] = [];
  for (let i = 0; i < 30; i++) sends.push(ledgers.at(i % 3).send('Enter', { value: 1 }));
  const { sent, waitingSenders } = ledgers.metrics();
  t.equal([sent, waitingSenders], [6, 24], 'sent and waiting');
  await ledgers.activate();
  await Promise.all(sends);
  await runtime.settled();
  const { handled, maxDepth } = ledgers.metrics();
  t.equal(handled, 30, 'handled');
  t.ok(maxDepth <= 6, `no mailbox holds more than the mark: ${maxDepth}`);
});

flow.add('a message with a known dedupeId is not sent again', async (t) => {
  const runtime = await t.runtime();
  const ledger = await runtime.launch(Ledger);
  const ids: bigint[] = [];
  for (const dedupeId of ['a', 'b', 'a', 'b', 'b']) {
    ids.push(await ledger.send('Enter', { value: 1 }, { dedupeId }));
  }
  t.equal(new Set(ids).size, 2, 'different ids');
  t.equal((await ledger.call('Read', {})).entries, 2, 'entries');
  t.equal(ledger.metrics().flow.duplicates, 3, 'duplicates');
});

flow.add('a token bucket lets a burst through, then its rate', async (t) => {
  const runtime = await t.runtime({ schedule: 'lockstep' });
  const rateLimit = { kind: 'token-bucket', perSecond: 100, burst: 2 } as const;
  const ledger = await runtime.launch(Ledger, { entrance: { rateLimit } });
  const taken: number[] = [];
  for (let round = 0; round < 25; round++) {
    if (ledger.trySend('Enter', { value: 1 })) taken.push(round);
    if (ledger.trySend('Enter', { value: 1 })) taken.push(round);
    await runtime.step();
  }
  t.equal(taken, [0, 0, 10, 20], 'taken in rounds');
});
