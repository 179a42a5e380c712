import { Collector, Echo, Source } from '../actors.ts';
import { equal, ok } from '../assert.ts';
import { type CaseList, caseList } from '../case.ts';

export const ordering: CaseList = caseList('ordering');

ordering.async('messages of one sender arrive in the order sent', async (t) => {
  const kernel = await t.launch(Echo, { queueCapacity: 64 });
  for (let value = 0; value < 5_000; value++) await kernel.inject(0, 'Say', { value });
  await t.device.settled();
  const values = kernel.emits('Said').map((m) => m.fields.value);
  equal(
    values,
    Array.from({ length: 5_000 }, (_, i) => i),
    'order',
  );
});

ordering.async('many actors send to one: nothing lost, each in order', async (t) => {
  const collector = await t.launch(Collector);
  const sources = await t.launch(Source, { instances: 64 });
  for (let round = 0; round < 10; round++) {
    for (let i = 0; i < 64; i++)
      await sources.inject(i, 'Burst', { target: collector.address, count: 50 });
  }
  await t.device.settled();
  const sum = 64n * ((499n * 500n) / 2n);
  equal(await collector.call(0, 'Report'), { got: 32_000, wrong: 0, sum }, 'report');
});

ordering.async('what waits is handled by priority, and in order within one', async (t) => {
  const kernel = await t.launch(Echo, { activate: false });
  for (let i = 0; i < 40; i++) await kernel.inject(0, 'Say', { value: i }, { priority: i % 4 });
  await t.device.settled();
  await kernel.device.activate();
  await t.device.settled();
  const expected = [3, 2, 1, 0].flatMap((p) => Array.from({ length: 10 }, (_, k) => k * 4 + p));
  equal(
    kernel.emits('Said').map((m) => m.fields.value),
    expected,
    'order',
  );
});

ordering.async('low priority is not starved', async (t) => {
  const kernel = await t.launch(Echo, { activate: false, queueCapacity: 4_096 });
  await kernel.inject(0, 'Say', { value: 0 }, { priority: 0 });
  for (let i = 1; i <= 3_000; i++) await kernel.inject(0, 'Say', { value: i }, { priority: 3 });
  await t.device.settled();
  await kernel.device.activate();
  await t.device.settled();
  const at = kernel.emits('Said').findIndex((m) => m.fields.value === 0);
  equal(kernel.emits('Said').length, 3_001, 'handled');
  ok(at >= 0 && at < 3_000, `the low message was handled as number ${at}: after everything else`);
});

ordering.lockstep('a round handles by priority, then source, then send order', async (t) => {
  const echo = await t.launch(Echo);
  for (let i = 0; i < 12; i++) await echo.inject(0, 'Say', { value: i }, { priority: (i * 5) % 4 });
  await t.step();
  equal(
    echo.emits('Said').map((m) => m.fields.value),
    [3, 7, 11, 2, 6, 10, 1, 5, 9, 0, 4, 8],
    'order',
  );
});

ordering.lockstep('messages of one round arrive by address of the sender', async (t) => {
  const collector = await t.launch(Collector);
  const sources = await t.launch(Source, { instances: 64 });
  for (let i = 63; i >= 0; i--)
    await sources.inject(i, 'Burst', { target: collector.address, count: 3 });
  await t.step(3);
  equal((await collector.state(0)).got, 192, 'arrived');
});
