import { Counter, Echo, Fragile } from '../actors.ts';
import { equal, ok } from '../assert.ts';
import { type CaseList, caseList } from '../case.ts';

export const telemetry: CaseList = caseList('telemetry');

telemetry.async('counters follow the traffic', async (t) => {
  const kernel = await t.launch(Counter);
  for (let i = 0; i < 100; i++) await kernel.inject(0, 'Add', { by: 1 });
  await kernel.call(0, 'Get');
  await t.device.settled();
  const { sent, handled, emitted, replied, pending, bytesIn, bytesOut, memoryBytes } =
    kernel.counters;
  equal(
    [sent, handled, emitted, replied, pending],
    [101, 101, 10, 1, 0],
    'sent, handled, emitted, replied, pending',
  );
  ok(bytesIn >= 400, `bytesIn is ${bytesIn}`);
  ok(bytesOut >= 40 + 16, `bytesOut is ${bytesOut}`);
  ok(memoryBytes >= 16, `memoryBytes is ${memoryBytes}`);
});

telemetry.async('latency is measured for every handled message', async (t) => {
  const kernel = await t.launch(Echo);
  for (let i = 0; i < 500; i++) await kernel.inject(0, 'Say', { value: i });
  await t.device.settled();
  const { count, minUs, p50Us, p90Us, p99Us, p999Us, maxUs, meanUs } = kernel.counters.latency;
  equal(count, 500, 'count');
  ok(minUs <= p50Us && p50Us <= p90Us && p90Us <= p99Us && p99Us <= p999Us, 'percentiles grow');
  ok(meanUs >= minUs && meanUs <= maxUs, `mean ${meanUs} between ${minUs} and ${maxUs}`);
});

telemetry.async('depth is the longest a mailbox was', async (t) => {
  const kernel = await t.launch(Echo, { activate: false });
  for (let i = 0; i < 30; i++) await kernel.inject(0, 'Say', { value: i });
  await t.device.settled();
  ok(kernel.counters.maxDepth >= 30, `maxDepth is ${kernel.counters.maxDepth}`);
  equal(kernel.counters.pending, 30, 'pending');
  await kernel.device.activate();
  await t.device.settled();
  equal(kernel.counters.pending, 0, 'pending after');
});

telemetry.async('errors are counted', async (t) => {
  const kernel = await t.launch(Fragile, { instances: 4 });
  for (let i = 0; i < 3; i++) await kernel.inject(i, 'Fail', { code: i });
  await t.device.settled();
  equal(kernel.counters.errors, 3, 'errors');
});

telemetry.async('time spent is counted', async (t) => {
  const kernel = await t.launch(Counter);
  for (let i = 0; i < 20_000; i++) await kernel.inject(0, 'Add', { by: 1 });
  await t.device.settled();
  ok(kernel.counters.busyMs > 0, `busyMs is ${kernel.counters.busyMs}`);
});
