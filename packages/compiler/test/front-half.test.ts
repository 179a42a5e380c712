import { compile } from '@ringkernel/compiler';
import {
  actor,
  array,
  ask,
  codecOf,
  describe as describeActor,
  f16,
  f32,
  u32,
} from '@ringkernel/core';
import { afterAll, describe, expect, test } from 'vitest';
import { Dawn } from '../src/fuzz/index.ts';
import { runActor } from './run-actor.ts';
import { runWgsl } from './run-wgsl.ts';

const size = 512;

const Halves = actor('Halves', {
  state: { halves: array(f16, size), wide: array(f32, size), one: f16 },
  messages: {
    Widen: { halves: array(f16, size) },
    Narrow: { wide: array(f32, size) },
    Use: ask({ x: f16 }, { twice: f16, rounded: f32, sum: f16 }),
  },
  on: {
    Widen(ctx, m) {
      for (let i = 0; i < size; i++) ctx.state.wide[i] = m.halves[i] as number;
    },
    Narrow(ctx, m) {
      for (let i = 0; i < size; i++) ctx.state.halves[i] = m.wide[i] as number;
    },
    Use(ctx, m) {
      const s = ctx.state;
      s.one += m.x;
      s.one *= 3;
      ctx.reply({ twice: m.x * 2, rounded: f16(m.x / 3) + f16(0.1), sum: s.one });
    },
  },
});

const halvesOf = codecOf(describeActor(Halves).messages[0]?.layout as never);

/** The numbers of 512 patterns of bits. */
function patterns(first: number): number[] {
  const view = new DataView(new ArrayBuffer(size * 2));
  for (let i = 0; i < size; i++) view.setUint16(i * 2, first + i, true);
  return (halvesOf.decode(view, 0) as { halves: number[] }).halves;
}

/** Halfway to the next f16, and a little more or less than that; and what is no plain number. */
function roundings(): number[] {
  const wide = [0, -0, Number.NaN, Number.POSITIVE_INFINITY, -65520, 65519.99, 2 ** -25];
  for (let i = 0; wide.length < size; i++) {
    const half = patterns(i * 97)[i] as number;
    if (!Number.isFinite(half)) continue;
    const exponent = Math.max(Math.floor(Math.log2(Math.abs(half))), -14);
    for (const part of [0, 0.5, 0.4999, 0.5001]) wide.push(half + part * 2 ** (exponent - 10));
  }
  return wide.slice(0, size).map(Math.fround);
}

const dawn = await Dawn.open();
if (typeof dawn === 'string') console.warn(`WGSL is not run: ${dawn}`);

afterAll(() => {
  if (typeof dawn !== 'string') dawn.close();
});

describe('an f16 field', () => {
  test.skipIf(typeof dawn === 'string')(
    'is the same in WGSL, without f16 arithmetic',
    async () => {
      if (typeof dawn === 'string') return;
      // WGSL makes no promise about the sign of zero, infinities and NaN.
      const plain = roundings().map((x) => (Math.abs(x) < 65520 ? x + 0 : 1));
      const image = compile(Halves);
      const narrowed = await runWgsl(dawn, image, 'Narrow', { wide: plain });
      expect(narrowed).toMatchObject({ halves: plain.map((x) => f16(x)) });
      const finite = patterns(0x3a00);
      expect(await runWgsl(dawn, image, 'Widen', { halves: finite })).toMatchObject({
        wide: finite,
      });
    },
    60_000,
  );

  test('becomes the same f32 in a handler as on the host, whatever its bits', () => {
    for (let first = 0; first < 65536; first += size * 3) {
      const halves = patterns(first);
      const { state } = runActor(Halves, [{ type: 'Widen', fields: { halves } }]);
      expect(state.wide).toEqual(halves);
    }
  });

  test('takes the nearest f16, ties to even', () => {
    const wide = roundings();
    const { state } = runActor(Halves, [{ type: 'Narrow', fields: { wide } }]);
    expect(state.halves).toEqual(wide.map((x) => f16(x)));
  });

  test('is computed with in f32', () => {
    const { state, outputs } = runActor(Halves, [
      { type: 'Use', fields: { x: 0.1 } },
      { type: 'Use', fields: { x: 1000 } },
    ]);
    const half = f16(0.1);
    const replies = outputs.map(({ fields }) => fields);
    const first = f16(Math.fround(half * 3));
    expect(first).not.toBe(Math.fround(half * 3));
    const sum = f16(Math.fround(f16(Math.fround(first + 1000)) * 3));
    expect(replies).toEqual([
      { twice: f16(half * 2), rounded: Math.fround(f16(Math.fround(half / 3)) + half), sum: first },
      { twice: 2000, rounded: Math.fround(f16(Math.fround(1000 / 3)) + half), sum },
    ]);
    expect(state.one).toBe(sum);
  });

  test('takes two bytes, and needs nothing of the device', () => {
    const { program, state } = compile(Halves);
    expect(state.size).toBe(size * 2 + size * 4 + 4);
    expect(program.module.requires).toEqual([]);
    const Plain = actor('Plain', { state: { n: u32 }, messages: { Go: {} }, on: { Go() {} } });
    expect(compile(Plain).program.module.functions).toEqual([]);
  });
});
