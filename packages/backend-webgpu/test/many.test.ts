import { backend } from '@ringkernel/backend-webgpu';
import { compile } from '@ringkernel/compiler';
import { actor, type KernelSink, u32 } from '@ringkernel/core';
import { expect, test } from 'vitest';

const probe = await backend.probe();
const here = probe.available;

const instances = 1_000_000;

const Counter = actor('Counter', {
  state: { count: u32 },
  messages: { Add: { by: u32, hops: u32 } },
  emits: { Sum: { count: u32 } },
  on: {
    Add(ctx, m) {
      ctx.state.count += m.by;
      if (m.hops === 0) {
        ctx.emit('Sum', { count: ctx.state.count });
        return;
      }
      // A far one: the whole kernel is in every round.
      const next = ctx.at((ctx.index + 499_979) % ctx.instances);
      ctx.send(next, 'Add', { by: m.by + 1, hops: m.hops - 1 });
    },
  },
});

test.skipIf(!here)('a million actors live, and send to each other', async () => {
  const device = await backend.open({});
  const sums: [number, number][] = [];
  const sink: KernelSink = {
    message: ({ instance, view, byteOffset }) =>
      void sums.push([instance, view.getUint32(byteOffset, true)]),
    deadLetter() {},
    fault() {},
  };
  const image = compile(Counter);
  const kernel = await device.launch(
    image,
    { id: 'k', instances, baseAddress: 64, queueCapacity: 16, onFull: 'wait' },
    sink,
  );
  await kernel.activate();
  const [add] = image.messages;
  if (add === undefined) throw new Error('Counter has no message');
  const write = (view: DataView, at: number, [by, hops]: readonly [number, number]): void => {
    view.setUint32(at, by, true);
    view.setUint32(at + 4, hops, true);
  };
  const plain = {
    priority: 1,
    correlationLow: 0,
    correlationHigh: 0,
    wantsReply: false,
    deadlineMs: 0,
  };
  expect(kernel.inject(instances - 1, add, write, [1, 2], plain)).toBe('accepted');
  await device.settled();
  const path = [499_978, (499_978 + 499_979) % instances];
  expect(sums).toEqual([[path[1], 3]]);
  const counts = await Promise.all(
    [instances - 1, ...path, 0].map(async (i) => {
      const bytes = await kernel.readState(i);
      return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
    }),
  );
  expect(counts).toEqual([1, 2, 3, 0]);
  expect(kernel.counters()).toMatchObject({ handled: 3, pending: 0 });
  await kernel.terminate(0);
  await device.close();
});
