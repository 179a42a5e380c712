import type { Supervisor } from '@ringkernel/runtime';
import { Fragile } from '../actors.ts';
import { type CaseList, caseList } from '../case.ts';

export const recovery: CaseList = caseList('recovery');

const ignore = () => {};

recovery.add('a restarted instance begins anew and keeps what waited for it', async (t) => {
  const runtime = await t.runtime();
  const fragile = await runtime.supervise().launch(Fragile, { instances: 3 });
  for (let i = 0; i < 3; i++) await fragile.at(i).send('Add', { value: 5 });
  const broken = fragile.at(1).call('Break', { code: 1 }).catch(ignore);
  for (let i = 0; i < 3; i++) await fragile.at(i).send('Add', { value: 2 });
  await broken;
  await t.until('all handled', () => fragile.metrics().handled === 7);
  const sums: number[] = [];
  for (let i = 0; i < 3; i++) sums.push((await fragile.at(i).readState()).sum);
  t.equal(sums, [7, 2, 7], 'sums');
  t.equal(runtime.deadLetters.size, 0, 'dead letters');
});

recovery.add('from the last checkpoint', async (t) => {
  const runtime = await t.runtime();
  const supervisor = runtime.supervise();
  const fragile = await supervisor.launch(Fragile, { restartState: 'checkpoint' });
  await fragile.send('Add', { value: 5 });
  await runtime.settled();
  await supervisor.checkpoint();
  await fragile.send('Add', { value: 50 });
  await fragile.call('Break', { code: 1 }).catch(ignore);
  await fragile.send('Add', { value: 2 });
  await t.until('handled', () => fragile.metrics().handled === 4);
  t.equal(await fragile.readState(), { sum: 7, half: 0 }, 'state');
});

recovery.add(
  'from the state after the last handler that ended well',
  async (t) => {
    const runtime = await t.runtime();
    const fragile = await runtime.supervise().launch(Fragile, { restartState: 'last-good' });
    await fragile.send('Add', { value: 5 });
    await fragile.call('Break', { code: 9 }).catch(ignore);
    await fragile.send('Add', { value: 2 });
    await t.until('handled', () => fragile.metrics().handled === 3);
    t.equal(await fragile.readState(), { sum: 7, half: 0 }, 'state');
  },
  ['rollback'],
);

recovery.add('rest-for-one: the failed child and those after it', async (t) => {
  const runtime = await t.runtime();
  const supervisor: Supervisor = runtime.supervise({ strategy: 'rest-for-one' });
  const children: Awaited<ReturnType<typeof runtime.launch<typeof Fragile>>>[] = [];
  for (const id of ['a', 'b', 'c']) children.push(await supervisor.launch(Fragile, { id }));
  for (const child of children) await child.send('Add', { value: 1 });
  await runtime.settled();
  const events = supervisor.events();
  await children[1]?.call('Break', { code: 1 }).catch(ignore);
  const restarted: string[] = [];
  while (restarted.length < 2) {
    const { value } = await events.next();
    if (value?.kind === 'restarted') restarted.push(value.path);
  }
  t.equal(restarted, ['supervisor/b', 'supervisor/c'], 'restarted');
  const sums: number[] = [];
  for (const child of children) sums.push((await child.readState()).sum);
  t.equal(sums, [1, 0, 0], 'sums');
});

recovery.add('a supervisor that restarts too often gives up', async (t) => {
  const runtime = await t.runtime();
  const supervisor = runtime.supervise({ maxRestarts: 2, withinMs: 600_000 });
  const fragile = await supervisor.launch(Fragile, { onFailure: 'wait' });
  for (let i = 0; i < 3; i++) await fragile.call('Break', { code: i + 1 }).catch(ignore);
  await t.until('gave up', () => supervisor.state === 'gave-up');
  const { error } = supervisor;
  t.equal((error as { code?: string } | undefined)?.code, 'RK_RESTART_INTENSITY', 'error');
  await t.until('ended', () => fragile.state === 'terminated');
});
