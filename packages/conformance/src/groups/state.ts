import { Counter, Narrow } from '../actors.ts';
import { equal } from '../assert.ts';
import { type CaseList, caseList } from '../case.ts';

export const state: CaseList = caseList('state');

state.async('instances keep their states apart', async (t) => {
  const kernel = await t.launch(Counter, { instances: 1_000 });
  for (let i = 0; i < 1_000; i++) {
    for (let k = 0; k <= i % 3; k++) await kernel.inject(i, 'Add', { by: i });
  }
  await t.device.settled();
  for (const i of [0, 1, 2, 500, 998, 999]) {
    const times = (i % 3) + 1;
    equal(
      await kernel.state(i),
      { count: times, total: BigInt(i * times), low: 0 },
      `instance ${i}`,
    );
  }
});

state.lockstep('narrow fields widen, wrap and stay in their bytes', async (t) => {
  const kernel = await t.launch(Narrow, { instances: 3 });
  for (let round = 0; round < 4; round++) {
    for (let i = 0; i < 3; i++) {
      const bytes = [255, 1, 128, 7, round];
      const fields = { flag: round % 2 === 0, byte: 250, half: 65_000, bytes, add: round * 40 + i };
      await kernel.inject(i, 'Set', fields);
    }
    await t.step();
  }
});

state.lockstep('integers wrap at their width', async (t) => {
  const kernel = await t.launch(Counter);
  await kernel.inject(0, 'Sub', { by: -2_147_483_648 });
  await kernel.inject(0, 'Sub', { by: 1 });
  for (let i = 0; i < 3; i++) await kernel.inject(0, 'Add', { by: 0xffff_ffff });
  await t.step();
  equal(await kernel.state(0), { count: 3, total: 3n * 0xffff_ffffn, low: 2_147_483_647 }, 'state');
});

state.async('the state can be read while the kernel runs', async (t) => {
  const kernel = await t.launch(Counter);
  let last = 0;
  for (let i = 0; i < 50; i++) {
    for (let k = 0; k < 20; k++) await kernel.inject(0, 'Add', { by: 1 });
    const { count, total } = (await kernel.state(0)) as { count: number; total: bigint };
    equal(BigInt(count), total, 'two fields written by one handler');
    equal(count >= last, true, `count ${count} after ${last}`);
    last = count;
  }
});
