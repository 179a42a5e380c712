import { spawnSync } from 'node:child_process';
import { backend, simulatedBackend } from '@ringkernel/backend-cuda';
import { compile } from '@ringkernel/compiler';
import {
  actor,
  array,
  ask,
  codecOf,
  type Device,
  type DeviceFault,
  type DeviceKernel,
  type DeviceOptions,
  type KernelImage,
  type MessageDescriptor,
  u32,
} from '@ringkernel/core';
import { describe, expect, test } from 'vitest';
import { defaultSliceMs } from '../dist/host/device.js';
import { noSimulation } from './simulation.ts';

const Echo = actor('CudaEcho', {
  state: { count: u32 },
  messages: { Ask: ask({ value: u32 }, { value: u32, count: u32 }), Spin: { turns: u32 } },
  on: {
    Ask(ctx, m) {
      ctx.state.count += 1;
      ctx.reply({ value: m.value, count: ctx.state.count });
    },
    Spin(ctx, m) {
      for (let i = 0; i < m.turns; i++) ctx.state.count = Math.imul(ctx.state.count, 3) + 1;
    },
  },
});

/** The driver's own defaults. */
const lazy = { CUDA_MODULE_LOADING: 'LAZY', CUDA_DEVICE_MAX_CONNECTIONS: '8' };

interface Opened {
  readonly device: Device;
  readonly kernel: DeviceKernel;
  readonly replies: { value: number; count: number }[];
  readonly faults: DeviceFault[];
}

const image: KernelImage = compile(Echo);
const [askMessage, spinMessage] = image.messages as [MessageDescriptor, MessageDescriptor];
const replyCodec = codecOf((askMessage.reply as { layout: typeof askMessage.layout }).layout);
const sizes = { instances: 4, queueCapacity: 1024, onFull: 'wait' } as const;

async function open(options: DeviceOptions = {}): Promise<Opened> {
  const device = await simulatedBackend.open(options);
  device.ref();
  const replies: Opened['replies'] = [];
  const faults: DeviceFault[] = [];
  const kernel = await device.launch(
    image,
    { ...sizes, id: 'echo', baseAddress: 64 },
    {
      message: (m) => {
        replies.push(replyCodec.decode(m.view, m.byteOffset) as (typeof replies)[0]);
      },
      deadLetter: () => {},
      fault: (f) => faults.push(f),
    },
  );
  await kernel.activate();
  return { device, kernel, replies, faults };
}

function send(kernel: DeviceKernel, instance: number, message: MessageDescriptor, value: number) {
  const codec = codecOf(message.layout);
  const [field] = message.layout.fields;
  return kernel.inject(
    instance,
    message,
    (view, at, fields: Record<string, number>) => codec.encode(view, at, fields),
    { [field?.name ?? '']: value },
    { priority: 1, wantsReply: true, correlationLow: value, correlationHigh: 0, deadlineMs: 0 },
  );
}

describe.skipIf(noSimulation !== null)('a simulated device', () => {
  test('launches and ends kernels in the middle of traffic, and loses nothing', async () => {
    const { device, kernel, replies } = await open();
    let sent = 0;
    for (let round = 0; round < 12; round++) {
      for (let i = 0; i < 50; i++) {
        if (send(kernel, i % 4, askMessage, sent) === 'accepted') sent++;
      }
      // Each launch and each end makes all kernels leave and come back.
      const other = await device.launch(
        image,
        { ...sizes, id: `other${round}`, baseAddress: 128 + 64 * round },
        { message: () => {}, deadLetter: () => {}, fault: () => {} },
      );
      await other.terminate(0);
    }
    await device.settled();
    expect(replies.map((r) => r.value).sort((a, b) => a - b)).toEqual(
      Array.from({ length: sent }, (_, i) => i),
    );
    for (let i = 0; i < 4; i++) {
      const counts = replies.filter((r) => (r.value % 50) % 4 === i).map((r) => r.count);
      expect(counts).toEqual(counts.toSorted((a, b) => a - b));
    }
    await device.close();
  });

  test('kernels that leave after each slice and come back give the same results', async () => {
    const launchesOf = (device: Device): number =>
      (device as unknown as { readonly launches: number }).launches;
    for (const sliceMs of [0, 1]) {
      const { device, kernel, replies } = await open({ backendOptions: { sliceMs } });
      const before = launchesOf(device);
      let sent = 0;
      // Until many slices have ended, and never fewer messages than fill a mailbox.
      while (sent < 2_000 || (sliceMs > 0 && launchesOf(device) < before + 20)) {
        while (send(kernel, sent % 4, askMessage, sent) !== 'accepted') await kernel.room(sent % 4);
        sent++;
      }
      await device.settled();
      expect(replies.length).toBe(sent);
      for (let i = 0; i < 4; i++) {
        const own = replies.filter((reply) => reply.value % 4 === i);
        expect(own.map(({ value }) => value)).toEqual(own.map((_, k) => 4 * k + i));
        expect(own.map(({ count }) => count)).toEqual(own.map((_, k) => k + 1));
      }
      if (sliceMs === 0) expect(launchesOf(device)).toBe(before);
      // An idle device is started again too, so that it takes what comes.
      const idle = launchesOf(device);
      while (sliceMs > 0 && launchesOf(device) < idle + 3)
        await new Promise((resolve) => setTimeout(resolve, 1));
      await device.close();
    }
  });

  test('a slice that ends while the host is busy with a message is not missed', async () => {
    const device = await simulatedBackend.open({ backendOptions: { sliceMs: 100, hotUs: 0 } });
    device.ref();
    const launchesOf = (): number => (device as unknown as { readonly launches: number }).launches;
    let during = -1;
    const message = (): void => {
      during = launchesOf();
      for (const until = performance.now() + 500; performance.now() < until; );
    };
    const sink = { message, deadLetter: () => {}, fault: () => {} };
    const kernel = await device.launch(image, { ...sizes, id: 'echo', baseAddress: 64 }, sink);
    await kernel.activate();
    send(kernel, 0, askMessage, 1);
    // Nothing else is sent: the host has to find out by itself that the kernels left, and start them again.
    while (during < 0 || launchesOf() === during) await new Promise((done) => setTimeout(done, 1));
    await device.close();
  });

  test('on a GPU whose system ends long kernels, slices are the default', () => {
    expect([0, 1].map((kernelTimeout) => defaultSliceMs({ kernelTimeout }))).toEqual([0, 500]);
  });

  test('a dedicated kernel has a worker for each instance: none waits for another', async () => {
    const repliedFirst: boolean[] = [];
    for (const dedicated of [false, true]) {
      const device = await simulatedBackend.open({
        backendOptions: { workers: 1, handlerTimeoutMs: 1_000 },
      });
      device.ref();
      const seen: string[] = [];
      const kernel = await device.launch(
        image,
        { ...sizes, instances: 2, id: 'echo', baseAddress: 64, dedicated },
        {
          message: () => seen.push('reply'),
          deadLetter: () => {},
          fault: () => seen.push('fault'),
        },
      );
      await kernel.activate();
      send(kernel, 0, spinMessage, 0xffff_ffff); // until it has had its time
      send(kernel, 1, askMessage, 1);
      await device.settled();
      repliedFirst.push(seen[0] === 'reply');
      expect(seen.toSorted()).toEqual(['fault', 'reply']);
      await device.close();
    }
    expect(repliedFirst).toEqual([false, true]);
  });

  test('more dedicated instances than the device runs at once are refused with numbers', async () => {
    const { device, kernel, replies } = await open();
    const sink = { message: () => {}, deadLetter: () => {}, fault: () => {} };
    const options = { ...sizes, id: 'many', baseAddress: 128, instances: 257, dedicated: true };
    await expect(device.launch(image, options, sink)).rejects.toMatchObject({
      code: 'RK_NOT_SUPPORTED',
      message: expect.stringMatching(/256 workers at once, 257 instances/),
    });
    send(kernel, 0, askMessage, 2);
    await device.settled();
    expect(replies).toEqual([{ value: 2, count: 1 }]);
    await device.close();
  });

  test('one kernel more than a device runs side by side is refused with the number', async () => {
    const { device, kernel, replies } = await open({ schedule: 'lockstep' });
    const sink = { message: () => {}, deadLetter: () => {}, fault: () => {} };
    const launch = (i: number) =>
      device.launch(image, { ...sizes, id: `k${i}`, baseAddress: 64 + 64 * i }, sink);
    for (let i = 1; i < 120; i++) await launch(i);
    await expect(launch(120)).rejects.toMatchObject({
      code: 'RK_NOT_SUPPORTED',
      message: expect.stringContaining('at most 120 kernels'),
    });
    send(kernel, 0, askMessage, 2);
    await device.step(1);
    expect(replies).toEqual([{ value: 2, count: 1 }]);
    await device.close();
  });

  test('tiny queues on the device hold senders back and deadlock nothing', async () => {
    const backendOptions = { messageSlots: 64, laneCapacity: 16, maxPayloadBytes: 64, workers: 3 };
    const { device, kernel, replies } = await open({ backendOptions });
    for (let value = 0; value < 2_000; value++) {
      while (send(kernel, value % 4, askMessage, value) !== 'accepted')
        await kernel.room(value % 4);
    }
    await device.settled();
    expect(new Set(replies.map((r) => r.value)).size).toBe(2_000);
    await device.close();
  });

  test('a program that does not compile is an error with the log, and the device goes on', async () => {
    const { device, kernel, replies } = await open();
    const { launchText } = device as unknown as {
      launchText(image: KernelImage, text: string, options: object, sink: object): Promise<unknown>;
    };
    const options = { ...sizes, id: 'bad', baseAddress: 128 };
    const failed = launchText.call(device, image, '#include "rk_worker.h"\nint f( {', options, {});
    await expect(failed).rejects.toMatchObject({
      code: 'RK_CUDA_COMPILE',
      log: expect.stringContaining('error'),
    });
    send(kernel, 0, askMessage, 7);
    await device.settled();
    expect(replies).toEqual([{ value: 7, count: 1 }]);
    await device.close();
  });

  test('what the driver refuses is told in its words', async () => {
    await expect(open({ backendOptions: { messageSlots: 1 << 24 } })).rejects.toMatchObject({
      code: 'RK_CUDA_DRIVER',
      call: 'cuMemAlloc_v2',
      resultName: 'CUDA_ERROR_OUT_OF_MEMORY',
    });
  });

  test('two devices that are one GPU pause together, and each goes on when the other ends', async () => {
    const first = await open();
    const second = await open();
    for (const { kernel } of [first, second]) send(kernel, 1, askMessage, 3);
    for (const { device } of [first, second]) await device.settled();
    const sink = { message: () => {}, deadLetter: () => {}, fault: () => {} };
    const more = await second.device.launch(
      image,
      { ...sizes, id: 'more', baseAddress: 128 },
      sink,
    );
    await more.terminate(1_000);
    await second.device.close();
    send(first.kernel, 1, askMessage, 4);
    await first.device.settled();
    expect(first.replies).toEqual([
      { value: 3, count: 1 },
      { value: 4, count: 2 },
    ]);
    expect(second.replies).toEqual([{ value: 3, count: 1 }]);
    await first.device.close();
  });

  test('more workers than the device runs at once are fewer; then kernels are refused', async () => {
    const { device, kernel, replies } = await open({ backendOptions: { workers: 16 } });
    const sink = { message: () => {}, deadLetter: () => {}, fault: () => {} };
    const launch = (i: number, dedicated = false) =>
      device.launch(image, { ...sizes, id: `k${i}`, baseAddress: 64 + 64 * i, dedicated }, sink);
    for (let i = 1; i < 20; i++) await launch(i);
    const many = { ...sizes, instances: 240, id: 'many', baseAddress: 2048, dedicated: true };
    await expect(device.launch(image, many, sink)).rejects.toMatchObject({
      code: 'RK_DEVICE_LIMIT',
      subject: 'Blocks of kernels on the device',
      wanted: 261, // the dispatcher, one for each of 20 kernels, 240
      limit: 256,
    });
    send(kernel, 1, askMessage, 3);
    await device.settled();
    expect(replies).toEqual([{ value: 3, count: 1 }]);
    await device.close();
  });

  test.each([
    ['RK_SIM_PLACES', '24', 33, 17],
    ['RK_SIM_QUEUES', '2', 33, 32],
  ])(
    'a launch that finds no room (%s) is refused, and the others go on',
    async (variable, value, wanted, limit) => {
      const { device, kernel, replies } = await open({ backendOptions: { workers: 16 } });
      const sink = { message: () => {}, deadLetter: () => {}, fault: () => {} };
      process.env[variable] = value;
      try {
        const launched = device.launch(image, { ...sizes, id: 'more', baseAddress: 128 }, sink);
        await expect(launched).rejects.toMatchObject({
          code: 'RK_DEVICE_LIMIT',
          subject: 'Workers that run at once',
          wanted,
          limit,
        });
      } finally {
        delete process.env[variable];
      }
      send(kernel, 1, askMessage, 3);
      await device.settled();
      expect(replies).toEqual([{ value: 3, count: 1 }]);
      await device.close();
    },
    60_000,
  );

  test('a device that fails is lost, with its kernels and what they had', async () => {
    const { device, kernel } = await open();
    process.env.RK_SIM_FAIL = 'cuStreamQuery:700';
    try {
      const error = await device.lost;
      expect(error).toMatchObject({ code: 'RK_DEVICE_LOST' });
      expect(error.message).toContain('CUDA_ERROR_ILLEGAL_ADDRESS');
      expect(kernel.state).toBe('failed');
      expect(send(kernel, 0, askMessage, 1)).toBe('closed');
    } finally {
      delete process.env.RK_SIM_FAIL;
    }
    await device.close();
  });

  test('launches that wait for their kernels are no way to run kernels that stay', async () => {
    process.env.CUDA_LAUNCH_BLOCKING = '1';
    try {
      await expect(simulatedBackend.open({})).rejects.toMatchObject({
        code: 'RK_CUDA_UNAVAILABLE',
        message: expect.stringContaining('CUDA_LAUNCH_BLOCKING makes each launch wait'),
      });
    } finally {
      delete process.env.CUDA_LAUNCH_BLOCKING;
    }
  });

  test('options are checked, each by name', async () => {
    const wrong: readonly (readonly [string, unknown])[] = [
      ['simulated', 'yes'],
      ['workers', 0],
      ['messageSlots', 100],
      ['maxPayloadBytes', 65],
      ['laneCapacity', 3],
      ['hostLanes', 33],
      ['hostMemory', 'mine'],
      ['hotUs', -1],
      ['sliceMs', 0.5],
      ['handlerTimeoutMs', -1],
      ['handlers', { Add: 'x' }],
      ['cacheFolder', true],
      ['simulationFlags', 'x'],
      ['threads', 1],
    ];
    for (const [option, value] of wrong) {
      const opened = backend.open({ backendOptions: { [option]: value } });
      await expect(opened).rejects.toMatchObject({ code: 'RK_INVALID_OPTION', option });
    }
    const elsewhere = simulatedBackend.open({ deviceId: 'cuda:7' });
    await expect(elsewhere).rejects.toMatchObject({
      code: 'RK_INVALID_OPTION',
      option: 'deviceId',
    });
  });

  test('what an option says, is done', async () => {
    const simulated = await backend.open({ backendOptions: { simulated: true } });
    expect(simulated.info).toMatchObject({ id: 'cuda:simulated', kind: 'software' });
    await simulated.close();

    const flags = ['-include', '/nowhere.h'];
    await expect(open({ backendOptions: { simulationFlags: flags } })).rejects.toMatchObject({
      code: 'RK_CUDA_UNAVAILABLE',
      message: expect.stringContaining('/nowhere.h'),
    });

    const small = await simulatedBackend.open({ backendOptions: { maxPayloadBytes: 64 } });
    const sink = { message: () => {}, deadLetter: () => {}, fault: () => {} };
    const large = compile(
      actor('CudaLarge', {
        state: {},
        messages: { Much: { data: array(u32, 17) } },
        on: { Much() {} },
      }),
    );
    await expect(
      small.launch(large, { ...sizes, id: 'large', baseAddress: 64 }, sink),
    ).rejects.toMatchObject({ code: 'RK_MESSAGE_TOO_LARGE', bytes: 68, maxBytes: 64 });
    await small.close();

    // Without polling by the event loop, the native thread wakes it.
    const idle = await open({ backendOptions: { hotUs: 0 } });
    send(idle.kernel, 0, askMessage, 5);
    while (idle.replies.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    expect(idle.replies).toEqual([{ value: 5, count: 1 }]);
    await idle.device.close();
  });

  test('a process ends by itself, or at once, whatever still runs', () => {
    const script = (end: string): string => `
      import { simulatedBackend } from '@ringkernel/backend-cuda';
      const device = await simulatedBackend.open({});
      ${end}`;
    for (const end of [
      '',
      'process.exit(0);',
      "setTimeout(() => { throw new Error('bang'); }, 20);",
    ]) {
      const { status, signal } = spawnSync(
        process.execPath,
        ['--input-type=module', '-e', script(end)],
        { cwd: new URL('..', import.meta.url), timeout: 30_000 },
      );
      expect([status, signal], end).toEqual([end.includes('bang') ? 1 : 0, null]);
    }
  });

  test.each([
    ['sets what kernels that stay want of the driver', {}, 'EAGER 32'],
    ['leaves what the user has set', lazy, 'LAZY 8'],
  ])('a process %s', (_, variables, wanted) => {
    const script = `
      import { simulatedBackend } from '@ringkernel/backend-cuda';
      const device = await simulatedBackend.open({});
      const { CUDA_MODULE_LOADING, CUDA_DEVICE_MAX_CONNECTIONS } = process.env;
      console.log(CUDA_MODULE_LOADING, CUDA_DEVICE_MAX_CONNECTIONS);
      await device.close();`;
    const { CUDA_MODULE_LOADING, CUDA_DEVICE_MAX_CONNECTIONS, ...env } = process.env;
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      cwd: new URL('..', import.meta.url),
      env: { ...env, ...variables },
      encoding: 'utf8',
    });
    expect([stdout.trim(), stderr]).toEqual([wanted, '']);
  });

  test('a terminated kernel tells its last states; a closed device refuses', async () => {
    const { device, kernel } = await open();
    send(kernel, 2, askMessage, 1);
    expect(await kernel.terminate(10_000)).toEqual({ drained: true });
    expect(new Uint32Array((await kernel.readState(2)).buffer)[0]).toBe(1);
    await device.close();
    await expect(
      device.launch(image, { ...sizes, id: 'x', baseAddress: 640 }, {} as never),
    ).rejects.toMatchObject({
      code: 'RK_DEVICE_CLOSED',
    });
  });

  test('a long handler ends before the kernel is stopped', async () => {
    const { device, kernel } = await open();
    send(kernel, 0, spinMessage, 3_000_000);
    await kernel.deactivate();
    expect([0, 1]).toContain(kernel.counters().pending);
    const before = new Uint32Array((await kernel.readState(0)).buffer)[0];
    const after = new Uint32Array((await kernel.readState(0)).buffer)[0];
    expect(after).toBe(before);
    await device.close();
  });
});
