import { backend, ShaderError } from '@ringkernel/backend-webgpu';
import { type ActorImage, compile, emitWgsl } from '@ringkernel/compiler';
import type { Device, DeviceFault, KernelSink, MessageDescriptor } from '@ringkernel/core';
import { describe, expect, test } from 'vitest';
import {
  actor,
  array,
  ask,
  createRuntime,
  f32,
  f64,
  type HandlerFaultError,
  i16,
  i32,
  ref,
  struct,
  u8,
  u32,
  u64,
} from '../../runtime/src/index.ts';

const here = (await backend.probe()).available;

interface Order {
  value: number;
  half: number;
  marks: number[];
}

/** All kinds of fields: whole words and parts of them, pairs of words, arrays, structs in arrays. */
const Ledger = actor('Ledger', {
  state: {
    next: ref(() => Ledger),
    calls: u32,
    total: u64,
    last: array(struct({ value: u32, half: i16, marks: array(u8, 3) }), 4),
    halves: array(i16, 2),
    mean: f32,
    draw: u32,
    odd: u8,
  },
  messages: {
    Connect: { next: ref(() => Ledger) },
    Put: { value: u32, weights: array(f32, 3), hops: u32 },
    Sum: ask({ times: u32 }, { total: u64, halves: array(i16, 2), at: u32 }),
  },
  emits: { Full: { value: u32, weights: array(f32, 3) }, Done: {} },
  on: {
    Connect(ctx, m) {
      ctx.state.next = m.next;
    },
    Put(ctx, m) {
      const s = ctx.state;
      const slot = s.calls % 4;
      const order = s.last[slot] as Order;
      order.value = m.value;
      order.half = -i32(m.value % 30_000);
      order.marks[m.value % 3] = m.value;
      s.calls += 1;
      s.total += u64(m.value) * 3_000_000_000n;
      s.mean = (s.mean + ((m.weights[0] as number) + (m.weights[2] as number)) * 0.3) * 0.5;
      s.draw = ctx.randomU32();
      s.odd = m.value;
      if (s.calls % 4 === 0) ctx.emit('Full', { value: m.value, weights: m.weights });
      if (m.hops > 0) {
        const weights = m.weights;
        ctx.send(
          s.next,
          'Put',
          { value: m.value + 7, weights, hops: m.hops - 1 },
          { priority: 'high' },
        );
      } else {
        ctx.emit('Done', {});
      }
    },
    Sum(ctx, m) {
      const s = ctx.state;
      s.halves[0] = (s.last[0] as Order).half;
      s.halves[1] = (s.last[1] as Order).half;
      ctx.reply({ total: s.total * u64(m.times), halves: s.halves, at: ctx.at(ctx.index) });
    },
  },
});

const put = `
  let slot = state_calls() % 4u;
  let value = message_Put_value();
  set_state_last_value(slot, value);
  set_state_last_half(slot, -i32(value % 30000u));
  set_state_last_marks(slot, value % 3u, value);
  set_state_calls(state_calls() + 1u);
  set_state_total(rk_add_64(state_total(), rk_mul_64(vec2<u32>(value, 0u), vec2<u32>(3000000000u, 0u))));
  set_state_mean((state_mean() + (message_Put_weights(0u) + message_Put_weights(2u)) * 0.3) * 0.5);
  set_state_draw(ctx_randomU32());
  set_state_odd(value);
  if (state_calls() % 4u == 0u) {
    let out = ctx_emit_Full();
    set_emit_Full_value(out, value);
    for (var i = 0u; i < 3u; i++) { set_emit_Full_weights(out, i, message_Put_weights(i)); }
  }
  if (message_Put_hops() > 0u) {
    let out = ctx_send_Put(state_next(), 2u);
    set_send_Put_value(out, value + 7u);
    for (var i = 0u; i < 3u; i++) { set_send_Put_weights(out, i, message_Put_weights(i)); }
    set_send_Put_hops(out, message_Put_hops() - 1u);
  } else {
    ctx_emit_Done();
  }`;

const sum = `
  let out = ctx_reply_Sum();
  set_reply_Sum_total(out, rk_mul_64(state_total(), vec2<u32>(message_Sum_times(), 0u)));
  for (var i = 0u; i < 2u; i++) {
    set_state_halves(i, state_last_half(i));
    set_reply_Sum_halves(out, i, state_halves(i));
  }
  set_reply_Sum_at(out, ctx_at(ctx_index()));`;

const Probe = actor('Probe', {
  state: { looked: u32 },
  messages: { Look: { index: u32 }, Fail: ask({ code: u32 }, {}) },
  emits: {
    Saw: {
      self: u32,
      sender: u32,
      index: u32,
      instances: u32,
      other: u32,
      nobody: u32,
      drawn: u32,
      part: f32,
      now: u64,
    },
  },
  on: {
    Look(ctx, m) {
      const drawn = ctx.randomU32();
      const part = f32(ctx.random());
      ctx.emit('Saw', {
        self: ctx.self,
        sender: ctx.sender,
        index: ctx.index,
        instances: ctx.instances,
        other: ctx.at(m.index),
        nobody: ctx.at(m.index + 1),
        drawn,
        part,
        now: ctx.now(),
      });
    },
    Fail(ctx, m) {
      ctx.fail(m.code);
    },
  },
});

const look = `
  let out = ctx_emit_Saw();
  set_emit_Saw_self(out, ctx_self());
  set_emit_Saw_sender(out, ctx_sender());
  set_emit_Saw_index(out, ctx_index());
  set_emit_Saw_instances(out, ctx_instances());
  set_emit_Saw_other(out, ctx_at(message_Look_index()));
  set_emit_Saw_nobody(out, ctx_at(message_Look_index() + 1u));
  set_emit_Saw_drawn(out, ctx_randomU32());
  set_emit_Saw_part(out, ctx_random());
  set_emit_Saw_now(out, ctx_now());`;

const Counter = actor('Counter', {
  state: { calls: u32, sum: f32, xs: array(f32, 4) },
  messages: { Add: { by: u32 } },
  on: {
    Add(ctx) {
      ctx.state.calls += 1;
    },
  },
});

const Precise = actor('Precise', {
  state: { bits: f64 },
  messages: { Add: { by: f64 } },
  on: {
    Add(ctx, m) {
      ctx.state.bits += m.by;
    },
  },
});

const launchOptions = {
  id: 'k',
  instances: 1,
  baseAddress: 64,
  queueCapacity: 4,
  onFull: 'wait',
} as const;

const faults: DeviceFault[] = [];
const quiet: KernelSink = {
  message() {},
  deadLetter() {},
  fault: (fault) => void faults.push(fault),
};

/** What `sum` is after one message. */
async function firstSum(
  own: Readonly<Record<string, string>>,
  image: ActorImage = compile(Counter),
  backendOptions: Readonly<Record<string, unknown>> = { handlers: own },
): Promise<number> {
  faults.length = 0;
  const device = await backend.open({ backendOptions });
  try {
    const kernel = await device.launch(image, launchOptions, quiet);
    await kernel.activate();
    const [add] = image.messages as [MessageDescriptor];
    const plain = { priority: 1, correlationLow: 0, correlationHigh: 0, deadlineMs: 0 } as const;
    kernel.inject(0, add, () => {}, null, { ...plain, wantsReply: false });
    await device.settled();
    const { buffer, byteOffset } = await kernel.readState(0);
    return new DataView(buffer, byteOffset).getFloat32(4, true);
  } finally {
    await device.close();
  }
}

const handlers = { 'Ledger.Put': put, 'Ledger.Sum': sum };

/** Bits, so that floats are compared exactly. */
const bits = (xs: Iterable<number>): number[] => [...new Uint32Array(Float32Array.from(xs).buffer)];

/** Everything that a ring of three instances has told, and their states at the end. */
async function results(options: Parameters<typeof createRuntime>[0]): Promise<unknown[]> {
  await using runtime = await createRuntime({ ...options, seed: 7 });
  const ledgers = await runtime.launch(Ledger, { instances: 3 });
  for (let i = 0; i < 3; i++) {
    await ledgers.at(i).send('Connect', { next: ledgers.at((i + 1) % 3) });
  }
  const found: unknown[] = [];
  for (const [i, value] of [5, 40_001, 123_456].entries()) {
    await ledgers.at(i).send('Put', { value, weights: [value / 7, 1e-9, -0.3], hops: 8 });
    await ledgers.receive('Done');
  }
  // 27 messages, 9 at each.
  for (let i = 0; i < 6; i++) {
    const { value, weights } = await ledgers.receive('Full');
    found.push([value, bits(weights)]);
  }
  for (let i = 0; i < 3; i++) {
    found.push(await ledgers.at(i).call('Sum', { times: 3 }, { timeoutMs: 60_000 }));
    const { last, mean, ...state } = await ledgers.at(i).readState();
    found.push([
      state,
      bits([mean]),
      last.map(({ value, half, marks }) => [value, half, ...marks]),
    ]);
  }
  return found;
}

describe.skipIf(!here)('WGSL by hand', () => {
  const webgpu = { backend, device: 'webgpu:0' };

  test('does what the compiled handlers do on the CPU, to the last bit', async () => {
    const wanted = await results({ backend: 'cpu' });
    expect(await results({ ...webgpu, backendOptions: { handlers } })).toEqual(wanted);
  });

  test('has what ctx has', async () => {
    const told = async (options: Parameters<typeof createRuntime>[0]): Promise<unknown[]> => {
      await using runtime = await createRuntime({ ...options, seed: 3 });
      const probes = await runtime.launch(Probe, { instances: 2 });
      await probes.at(1).send('Look', { index: 1 });
      const { now, hlc, id, ...seen } = await probes.receive('Saw');
      expect(hlc > now && now >> 12n).toBeGreaterThan(1_700_000_000_000_000n);
      const fault = probes.at(1).call('Fail', { code: 7 }, { timeoutMs: 60_000 });
      const { code, value, site } = (await fault.catch((e: unknown) => e)) as HandlerFaultError;
      return [seen, code, value, site];
    };
    const [seen, code, value] = await told({ backend: 'cpu' });
    const backendOptions = { handlers: { 'Probe.Look': look, 'Probe.Fail': 'ctx_fail(7u);' } };
    const site = 'a fault in a handler written by hand (Fail)';
    expect(await told({ ...webgpu, backendOptions })).toEqual([seen, code, value, site]);
    expect([code, value]).toEqual(['RK_HANDLER_FAULT', 7]);
  });

  test('stands for one handler of one actor, also where its text was emitted ahead of time', async () => {
    const image = compile(Counter);
    const wgsl = emitWgsl(image.program.module, 'thread', new Map([[0, 'set_state_sum(1.0);']]));
    Object.assign(image.program, { texts: { wgsl } });
    const body = '/* { // */ { set_state_sum(2.0 + state_xs(4u)); set_state_xs(9u, 5.0); } // }';
    expect(await firstSum({ 'Counter.Add': body, 'Other.Add': 'nonsense' }, image)).toBe(2);
    // An index out of range reads 0, writes nothing, and is a fault.
    expect(faults).toMatchObject([{ instance: 0, site: 0, value: 4 }]);
  });

  test('sends what any actor takes, by its type', async () => {
    const [add] = compile(Counter).messages as [MessageDescriptor];
    const body = `if (ctx_sender() != 0u) { set_state_sum(f32(message_Add_by())); return; }
      let out = ctx_send(ctx_self(), ${add.id}u, 3u, ${add.layout.size}u);
      set_send(out, 0u, 77u);
      set_send(out, 1u, 88u); // behind the payload: nothing`;
    expect(await firstSum({ 'Counter.Add': body })).toBe(77);
  });

  test('may do in f32 what WGSL has no f64 for', async () => {
    const [message] = compile(Precise).messages;
    expect(message?.layout.size).toBe(8);
    const open = (handlers: Record<string, string>) =>
      backend.open({ backendOptions: { handlers } });
    const bare = await open({});
    const launch = (device: Device) => device.launch(compile(Precise), launchOptions, quiet);
    await expect(launch(bare)).rejects.toMatchObject({ code: 'RK4001' });
    await bare.close();
    const own = await open({ 'Precise.Add': 'set_state_bits(message_Add_by());' });
    await (await launch(own)).activate();
    await own.close();
  });

  test('is told of its own lines when it does not compile', async () => {
    const wrong = ['let x = state_calls();', '/* two', 'lines */', 'let y = nowhere + x;'].join(
      '\n',
    );
    const error = await firstSum({ 'Counter.Add': wrong }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ShaderError);
    expect(error).toMatchObject({ code: 'RK_SHADER', hint: expect.stringContaining('handlers') });
    const [first] = (error as ShaderError).messages;
    expect(first).toMatchObject({ where: 'handler Add', at: 'Counter.Add:4:9' });
    expect(first?.message).toContain('nowhere');
    // What is missed at the end of the text is of its last line.
    const open = await firstSum({ 'Counter.Add': 'let x = 1u;\nlet y = x' }).catch(
      (reason: unknown) => reason,
    );
    expect((open as ShaderError).messages[0]?.at).toMatch(/^Counter\.Add:2:/u);
  });
});

test.skipIf(!here)('what is no handler by hand is refused', async () => {
  const refused = async (handlers: unknown, form = 'auto'): Promise<unknown> => {
    const options = { handlers, form } as Record<string, unknown>;
    return await firstSum(handlers as Record<string, string>, compile(Counter), options).catch(
      (reason: unknown) => reason,
    );
  };
  const option = { code: 'RK_INVALID_OPTION', option: 'handlers' };
  expect(await refused({ 'Counter.Take': 'return;' })).toMatchObject({
    ...option,
    wanted: 'one of Counter.Add',
  });
  for (const handlers of [
    'set_state_sum(1.0);',
    { Counter: 'return;' },
    { 'Counter.Add': '  \n ' },
    { 'Counter.Add': 7 },
    { 'Counter.Add': 'if (true) {' },
    { 'Counter.Add': '} fn other() {' },
    { 'Counter.Add': '/* never ends' },
  ]) {
    expect(await refused(handlers)).toMatchObject(option);
  }
  const workgroup = await refused({ 'Counter.Add': 'return;' }, 'workgroup');
  expect(workgroup).toMatchObject({ code: 'RK_INVALID_OPTION', option: 'form' });
});

test('a name that stands for two fields is refused', () => {
  const Twice = actor('Twice', {
    state: { a_b: u32, a: struct({ b: u32 }) },
    messages: { Go: {} },
    on: { Go() {} },
  });
  const { module } = compile(Twice).program;
  const write = (body: string) => emitWgsl(module, 'thread', new Map([[0, body]]));
  expect(() => write('set_state_a_b(1u);')).toThrow(
    expect.objectContaining({ code: 'RK_INVALID_OPTION', option: 'handlers' }),
  );
  expect(write('// nothing of it')).not.toContain('state_a_b');
});
