import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { backend, ShaderError } from '@ringkernel/backend-webgpu';
import { compile, emitWgsl } from '@ringkernel/compiler';
import {
  actor,
  array,
  type Device,
  f64,
  type KernelSink,
  type MessageDescriptor,
  u32,
} from '@ringkernel/core';
import { beforeAll, expect, test } from 'vitest';
import { bufferUsage } from '../src/gpu/api.ts';
import { startWatching, watch } from './watched.ts';

const here = (await backend.probe()).available;
beforeAll(startWatching);

const Counter = actor('Counter', {
  state: { count: u32 },
  messages: { Add: { by: u32 } },
  emits: { Sum: { count: u32 } },
  on: {
    Add(ctx, m) {
      ctx.state.count += m.by;
      ctx.emit('Sum', { count: ctx.state.count });
    },
  },
});

const Wide = actor('Wide', {
  state: { xs: array(u32, 1024) },
  messages: { Set: { at: u32 } },
  on: {
    Set(ctx, m) {
      ctx.state.xs[m.at] = 1;
    },
  },
});

const Precise = actor('Precise', {
  state: { sum: f64 },
  messages: { Add: { by: f64 } },
  on: {
    Add(ctx, m) {
      ctx.state.sum += m.by;
    },
  },
});

const quiet: KernelSink = { message() {}, deadLetter() {}, fault() {} };
const options = {
  id: 'k',
  instances: 1,
  baseAddress: 64,
  queueCapacity: 1024,
  onFull: 'wait',
} as const;
const plain = {
  priority: 1,
  correlationLow: 0,
  correlationHigh: 0,
  wantsReply: false,
  deadlineMs: 0,
};

async function counterOn(device: Device, sink: KernelSink = quiet) {
  const image = compile(Counter);
  const kernel = await device.launch(image, options, sink);
  await kernel.activate();
  const [message] = image.messages;
  if (message === undefined) throw new Error('Counter has no message');
  const add = (by: number) =>
    kernel.inject(0, message, (view, at, v: number) => view.setUint32(at, v, true), by, plain);
  return { kernel, add };
}

test.skipIf(!here)('a device that is destroyed is lost: told, counted, refused', async () => {
  const device = await backend.open({});
  const { kernel, add } = await counterOn(device);
  add(1);
  await device.settled();
  add(2);
  watch.devices.at(-1)?.destroy();
  const error = await device.lost;
  expect(error.code).toBe('RK_DEVICE_LOST');
  expect(kernel.state).toBe('failed');
  expect(add(3)).toBe('closed');
  const { sent, handled, pending, deadLettered } = kernel.counters();
  expect([sent, handled, pending, deadLettered['device-lost']]).toEqual([2, 1, 0, 1]);
  await expect(kernel.readState(0)).rejects.toBe(error);
  await expect(device.launch(compile(Counter), options, quiet)).rejects.toBe(error);
  await expect(kernel.restart(0, null)).rejects.toBe(error);
  await expect(kernel.spawn(0, null)).rejects.toBe(error);
  await expect(kernel.retire(0)).rejects.toBe(error);
  expect(kernel.state).toBe('failed');
  await device.settled();
  await device.close();
});

const Walker = actor('Walker', {
  state: { steps: u32 },
  messages: { Walk: { left: u32 } },
  emits: { Step: { left: u32 } },
  on: {
    Walk(ctx, m) {
      ctx.state.steps += 1;
      ctx.emit('Step', { left: m.left });
      if (m.left > 0) ctx.send(ctx.self, 'Walk', { left: m.left - 1 });
    },
  },
});

test.skipIf(!here)('what a submit left that did not finish is never read', async () => {
  for (const last of [3, 7]) {
    const device = await backend.open({ backendOptions: { ticks: 8 } });
    const steps: number[] = [];
    const sink: KernelSink = {
      ...quiet,
      message: ({ view, byteOffset }) => void steps.push(view.getUint32(byteOffset, true)),
    };
    const image = compile(Walker);
    const kernel = await device.launch(image, options, sink);
    const [walk] = image.messages as [MessageDescriptor];
    kernel.inject(0, walk, (view, at, v: number) => view.setUint32(at, v, true), 1000, plain);
    // The device goes in the same turn in which a submit went off: nothing can have come of that one.
    let told = -1;
    let submits = 0;
    watch.onSubmit = () => {
      if (++submits !== last) return;
      told = steps.length;
      watch.devices.at(-1)?.destroy();
    };
    await kernel.activate();
    await device.lost;
    await device.settled();
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
    watch.onSubmit = null;
    expect(told).toBeGreaterThanOrEqual(0);
    expect(steps).toEqual(Array.from({ length: told }, (_, i) => 1000 - i));
    const { emitted, handled, pending, deadLettered } = kernel.counters();
    expect([emitted, handled, pending]).toEqual([told, told, 0]);
    expect(deadLettered['device-lost']).toBe(1);
    await device.close();
  }
});

test.skipIf(!here)(
  'a submit that is refused as a whole is a loss, and nothing is read for it',
  async () => {
    const first = watch.buffers.length;
    const device = await backend.open({});
    const sums: number[] = [];
    const { kernel, add } = await counterOn(device, {
      ...quiet,
      message: ({ view, byteOffset }) => void sums.push(view.getUint32(byteOffset, true)),
    });
    // So often that each place to read from has records in it.
    for (let i = 0; i < 10; i++) {
      add(1);
      await device.settled();
    }
    for (const { destroy, usage } of watch.buffers.slice(first)) {
      if ((usage & bufferUsage.storage) !== 0) destroy();
    }
    add(1);
    const error = await device.lost;
    expect(error.code).toBe('RK_DEVICE_LOST');
    await device.settled();
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
    expect(sums).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    const { handled, emitted, pending, deadLettered } = kernel.counters();
    expect([handled, emitted, pending, deadLettered['device-lost']]).toEqual([10, 10, 0, 1]);
    await device.close();
  },
);

test.skipIf(!here)('after a loss another device can be opened', async () => {
  const first = await backend.open({});
  watch.devices.at(-1)?.destroy();
  await first.lost;
  await first.close();
  const second = await backend.open({});
  const { kernel, add } = await counterOn(second);
  add(5);
  await second.settled();
  expect(new Uint32Array((await kernel.readState(0)).slice().buffer)[0]).toBe(5);
  await second.close();
});

test.skipIf(!here)('several devices run at once and do not know of each other', async () => {
  const devices = await Promise.all([backend.open({}), backend.open({}), backend.open({})]);
  const counters = await Promise.all(devices.map((device) => counterOn(device)));
  counters.forEach(({ add }, i) => {
    for (let k = 0; k < 10; k++) add(i + 1);
  });
  await Promise.all(devices.map((device) => device.settled()));
  for (const [i, { kernel }] of counters.entries()) {
    const bytes = await kernel.readState(0);
    expect(new Uint32Array(bytes.slice().buffer)[0]).toBe(10 * (i + 1));
  }
  await Promise.all(devices.map((device) => device.close()));
});

test.skipIf(!here)('what is more than the device can do is refused with the numbers', async () => {
  const device = await backend.open({});
  const launch = (image: ReturnType<typeof compile>, instances: number) =>
    device.launch(image, { ...options, instances }, quiet);
  await expect(launch(compile(Counter), 5_000_000)).rejects.toMatchObject({
    code: 'RK_DEVICE_LIMIT',
    wanted: 5_000_000,
    limit: 65_535 * 64,
  });
  await expect(launch(compile(Wide), 1_000_000)).rejects.toMatchObject({
    code: 'RK_DEVICE_LIMIT',
    wanted: 1_000_000 * 4096 * 2,
  });
  await expect(launch(compile(Precise), 1)).rejects.toMatchObject({ code: 'RK4001' });
  await device.close();
  await expect(launch(compile(Counter), 1)).rejects.toMatchObject({ code: 'RK_DEVICE_CLOSED' });
});

/** The line of this file with the text, as errors name it. */
const lineWith = (part: string): number =>
  readFileSync(fileURLToPath(import.meta.url), 'utf8')
    .split('\n')
    .findIndex((line) => line.includes(part)) + 1;

test.skipIf(!here)('a shader that does not compile names the line of the handler', async () => {
  const device = await backend.open({});
  const image = compile(Counter);
  const written = emitWgsl(image.program.module).replace(/rk_open\(3u/u, 'rk_lost(3u');
  Object.assign(image.program, { texts: { wgsl: written } });
  const error = await device.launch(image, options, quiet).then(
    () => null,
    (reason: ShaderError) => reason,
  );
  expect(error).toBeInstanceOf(ShaderError);
  expect(error).toMatchObject({ code: 'RK_SHADER', kernelId: 'k' });
  const [first] = error?.messages ?? [];
  expect(first).toMatchObject({
    where: 'handler Add',
    text: expect.stringContaining('rk_lost(3u'),
    message: expect.stringContaining('rk_lost'),
  });
  const line = lineWith("ctx.emit('Sum'");
  expect(first?.at).toMatch(new RegExp(`losses\\.test\\.ts:${line}:\\d+$`, 'u'));
  expect(error?.message).toContain(first?.at);
  await device.close();
});

const Field = actor('Field', {
  state: { xs: array(u32, 100), sum: u32 },
  messages: { Fill: { by: u32 } },
  on: {
    Fill(ctx, m) {
      const s = ctx.state;
      s.sum = m.by;
      ctx.parallelFor(100, (i) => {
        s.xs[i] = (i + m.by) ^ 4711;
      });
      s.sum += ctx.sum(100, (i) => (s.xs[i] as number) ^ 4712);
      s.sum ^= 4713;
    },
  },
});

/** The program with another type for a constant: what the front end would never let pass. */
function mistyped<T>(program: T, value: number): T {
  const changed = (key: string, node: unknown): unknown => {
    const { kind, value: found } = (node ?? {}) as { kind?: string; value?: unknown };
    return key !== '' && kind === 'const' && found === value
      ? { ...(node as object), type: 'f32' }
      : node;
  };
  return JSON.parse(JSON.stringify(program, changed)) as T;
}

test.skipIf(!here)('so does the workgroup form, in sections and between them', async () => {
  const device = await backend.open({ backendOptions: { form: 'workgroup' } });
  const image = compile(Field);
  const { module } = image.program;
  for (const value of [4711, 4712, 4713]) {
    Object.assign(image.program, { module: mistyped(module, value) });
    const error = (await device
      .launch(image, options, quiet)
      .catch((e: unknown) => e)) as ShaderError;
    expect(error).toBeInstanceOf(ShaderError);
    const [first] = error.messages;
    expect(first?.text).toContain(`${value}.0f`);
    const place = `losses.test.ts:${lineWith(`^ ${value}`) || lineWith(`^= ${value}`)}:`;
    expect(first).toMatchObject({ where: 'handler Fill', at: expect.stringContaining(place) });
  }
  await device.close();
});

/** A program in a process of its own: what it prints before it ends by itself. */
function run(program: string): string {
  const head = "import { backend } from '@ringkernel/backend-webgpu';\n";
  const args = ['--input-type=module', '--eval', head + program];
  return execFileSync(process.execPath, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: 60_000,
  });
}

test.skipIf(!here)('a process ends by itself with a device that is open and idle', () => {
  expect(run('const device = await backend.open({}); console.log(device.info.id);')).toBe(
    'webgpu:0\n',
  );
});

test.skipIf(!here)('ref keeps a process alive, unref lets it end', () => {
  const program = `const device = await backend.open({});
    device.ref();
    setTimeout(() => { console.log('still here'); device.unref(); }, 300).unref();`;
  expect(run(program)).toBe('still here\n');
});

test.skipIf(!here)('a worker thread opens a device, closes it and ends', () => {
  const program = `const { Worker } = await import('node:worker_threads');
    const code = \`import('@ringkernel/backend-webgpu').then(async ({ backend }) => {
      const device = await backend.open({});
      await device.close();
    });\`;
    new Worker(code, { eval: true }).on('exit', (status) => console.log('ended', status));`;
  expect(run(program)).toBe('ended 0\n');
});
