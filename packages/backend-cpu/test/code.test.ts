import inspector from 'node:inspector';
import { compile } from '@ringkernel/compiler';
import { type AnyActor, actor, array, f32, InvalidOptionError, u32, u64 } from '@ringkernel/core';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { Collected, launchOptions } from './hand-written.ts';
import { closeAll, open } from './opened.ts';

afterEach(closeAll);
afterEach(() => vi.unstubAllGlobals());

const Filter = actor('Filter', {
  state: { out: f32, xs: array(f32, 8) },
  messages: { Sample: { x: f32 } },
  on: {
    Sample(ctx, m) {
      const s = ctx.state;
      let sum = f32(0);
      for (let i = 0; i < 8; i++) sum += (s.xs[i] as number) * m.x;
      s.out = sum;
    },
  },
});

const Counter = actor('Counter', {
  state: { count: u32, sum: u64, mean: f32 },
  messages: { Add: { by: u32 } },
  on: {
    Add(ctx, m) {
      const s = ctx.state;
      s.sum += u64(m.by);
      s.mean = f32(s.sum) / 2;
      for (let i = u32(0); i < m.by; i++) s.count += 1;
    },
  },
});

const mix = (x: bigint): bigint => (x ^ 7n) * 3n;
const Mixer = actor('Mixer', {
  state: { x: u64 },
  messages: { Mix: { rounds: u32 } },
  on: {
    Mix(ctx, m) {
      for (let i = u32(0); i < m.rounds; i++) ctx.state.x = mix(ctx.state.x);
    },
  },
});

const Norm = actor('Norm', {
  state: { norm: f32, xs: array(f32, 8) },
  messages: { Take: {} },
  on: {
    Take(ctx) {
      ctx.state.norm = ctx.sum(8, (i) => ctx.state.xs[i] as number);
    },
  },
});

async function codeOf(definition: AnyActor, options: Readonly<Record<string, unknown>> = {}) {
  const device = await open({ workers: 2, ...options });
  const kernel = await device.launch(compile(definition), launchOptions({}), new Collected());
  return kernel.code;
}

describe("the option 'code'", () => {
  test.each([
    [Filter, 'webassembly', 'a loop in Sample computes with f32, i64 or u64'],
    [Mixer, 'webassembly', 'a loop in Mix computes with f32, i64 or u64'],
    [Norm, 'webassembly', 'a loop in Take computes with f32, i64 or u64'],
    [Counter, 'javascript', 'no loop computes with f32, i64 or u64'],
  ] as const)('chooses by itself: %s', async (definition, form, reason) => {
    expect(await codeOf(definition)).toEqual({ form, reason });
    expect(await codeOf(definition, { code: 'auto' })).toEqual({ form, reason });
  });

  test.each(['javascript', 'webassembly'] as const)('is obeyed: %s', async (form) => {
    const reason = `the option code is '${form}'`;
    expect(await codeOf(Filter, { code: form })).toEqual({ form, reason });
    expect(await codeOf(Counter, { code: form })).toEqual({ form, reason });
  });

  test('is JavaScript where a debugger can step through it', async () => {
    inspector.open(0);
    try {
      const reason = 'a debugger can step through JavaScript';
      expect(await codeOf(Filter)).toEqual({ form: 'javascript', reason });
      const forced = { form: 'webassembly', reason: "the option code is 'webassembly'" };
      expect(await codeOf(Filter, { code: 'webassembly' })).toEqual(forced);
    } finally {
      inspector.close();
    }
  });

  test('is JavaScript where handlers can be ended', async () => {
    const ended = { handlerTimeoutMs: 1_000 };
    const reason = 'WebAssembly can not be ended after handlerTimeoutMs';
    expect(await codeOf(Filter, ended)).toEqual({ form: 'javascript', reason });
    const strict = codeOf(Filter, { ...ended, code: 'webassembly' });
    await expect(strict).rejects.toMatchObject({ code: 'RK_NOT_SUPPORTED' });
  });

  test('takes no other value', async () => {
    await expect(open({ code: 'wasm' })).rejects.toThrow(InvalidOptionError);
    await expect(open({ code: 'wasm' })).rejects.toThrow('auto, javascript, webassembly');
  });
});

describe('an engine without WebAssembly', () => {
  test('runs JavaScript and says why, or refuses when it was to be WebAssembly', async () => {
    const automatic = await open({ workers: 1 });
    const strict = await open({ workers: 1, code: 'webassembly' });
    vi.stubGlobal('WebAssembly', undefined);
    const sink = new Collected();
    const kernel = await automatic.launch(compile(Filter), launchOptions({}), sink);
    expect(kernel.code).toEqual({
      form: 'javascript',
      reason: 'this engine has no WebAssembly',
    });
    await expect(strict.launch(compile(Filter), launchOptions({}), sink)).rejects.toMatchObject({
      code: 'RK_NOT_SUPPORTED',
    });
  });
});
