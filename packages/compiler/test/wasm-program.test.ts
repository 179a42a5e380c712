import { compile, emitWebAssembly, optimize } from '@ringkernel/compiler';
import { type AnyActor, actor, array, ask, f32, i64, u8, u32 } from '@ringkernel/core';
import { describe, expect, it } from 'vitest';
import { runActor } from './run-actor.ts';

function codeOf(definition: AnyActor) {
  return emitWebAssembly(optimize(compile(definition).program.module));
}

const squares = [0, 1, 4, 9, 16];

const Mixed = actor('Mixed', {
  state: { xs: array(f32, 100), sum: f32, wave: f32, angle: f32, square: u32, wide: i64 },
  messages: {
    Load: ask({ xs: array(f32, 100), odd: u8 }, { xs: array(f32, 100), odd: u8 }),
    Use: { at: u32, by: i64 },
  },
  on: {
    Load(ctx, m) {
      ctx.state.xs = m.xs;
      ctx.reply({ xs: ctx.state.xs, odd: m.odd });
    },
    Use(ctx, m) {
      const s = ctx.state;
      s.sum = ctx.sum(100, (i) => s.xs[i] as number);
      s.wave = Math.sin(s.sum) + Math.exp(f32(m.at));
      s.angle = Math.atan2(s.sum, 2);
      s.square = squares[m.at] as number;
      s.wide = s.wide * 3n - m.by / 7n;
    },
  },
});

describe('a program in WebAssembly', () => {
  it('is plain data, and the same for the same module', () => {
    const code = codeOf(Mixed);
    expect(structuredClone(code)).toEqual(code);
    expect(codeOf(Mixed)).toEqual(code);
  });

  it('is made within the limits of the language, and needs no more memory than it says', () => {
    const { bytes, stage, messages } = codeOf(Mixed);
    const { validate } = (
      globalThis as unknown as { WebAssembly: { validate(bytes: Uint8Array): boolean } }
    ).WebAssembly;
    expect(validate(bytes)).toBe(true);
    expect(messages.map(({ sizeBytes }) => sizeBytes)).toEqual([404, 16]);
    // 5 words of a table, 64 lanes, a header and the largest message, the largest payload made.
    expect(stage).toEqual({
      lanes: 64,
      message: 64 + 512,
      payload: 64 + 512 + 64 + 448,
      sizeBytes: 64 + 512 + 64 + 448 + 448,
    });
  });

  it('copies long payloads, reads tables, and calls the functions of Math', () => {
    const xs = Array.from({ length: 100 }, (_, i) => Math.fround(i * 0.1));
    const { state, outputs } = runActor(Mixed, [
      { type: 'Load', fields: { xs, odd: 7 } },
      { type: 'Use', fields: { at: 3, by: -100n } },
    ]);
    expect(outputs).toEqual([{ kind: 'reply', type: 'Load', fields: { xs, odd: 7 } }]);
    expect(state).toMatchObject({ square: 9, wide: 14n });
    expect(state.angle).toBe(Math.fround(Math.atan2(state.sum as number, 2)));
  });

  it('faults where JavaScript does', () => {
    const { faults } = runActor(Mixed, [{ type: 'Use', fields: { at: 5, by: 1n } }]);
    expect(faults).toEqual([{ site: 'RK5001', value: 5 }]);
  });

  it('copies the stamp and the sender of a message only when they are read', () => {
    expect(codeOf(Mixed).firstByte).toBe(64);
    const Asking = actor('Asking', {
      state: { from: u32 },
      messages: { Who: {} },
      on: {
        Who(ctx) {
          ctx.state.from = ctx.sender;
        },
      },
    });
    expect(codeOf(Asking).firstByte).toBe(32);
    expect(runActor(Asking, [{ type: 'Who', sender: 77 }]).state).toEqual({ from: 77 });
  });
});
