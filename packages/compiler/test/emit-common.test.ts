import { compile, emitJavaScript, optimize, validateModule } from '@ringkernel/compiler';
import { type AnyActor, actor, array, f32, u32, u64 } from '@ringkernel/core';
import { describe, expect, it } from 'vitest';

/** The text of the first handler. */
function handler(definition: AnyActor): string {
  const module = optimize(compile(definition).program.module);
  expect(validateModule(module)).toEqual([]);
  return /function h0_[\s\S]*?\n\}/.exec(emitJavaScript(module))?.[0] ?? '';
}

function times(text: string, piece: string | RegExp): number {
  return text.split(piece).length - 1;
}

const bucket = (x: number): number => {
  let b = u32(0);
  for (let i = 0; i < 4; i++) if (x > i) b += 1;
  return b;
};

const state = { a: u32, b: u32, wide: u64, x: f32, xs: array(u32, 8) };
const messages = { Go: { a: u32, b: u32, wide: u64, x: f32 } };

describe('what is computed again is computed once', () => {
  it('in later statements, in branches, in loops, and behind them', () => {
    const Shared = actor('Shared', {
      state,
      messages,
      on: {
        Go(ctx, m) {
          const s = ctx.state;
          s.wide = m.wide * m.wide + 1n;
          if (m.a > 3) s.wide += m.wide * m.wide;
          while (s.wide > 9n) s.wide -= m.wide * m.wide;
          s.wide ^= m.wide * m.wide;
        },
      },
    });
    const text = handler(Shared);
    expect(times(text, / \* (?!stride)/)).toBe(1);
    expect(times(text, 'common_')).toBe(5);
  });

  it('parts of what is different', () => {
    const Parts = actor('Parts', {
      state,
      messages,
      on: {
        Go(ctx, m) {
          ctx.state.a = (m.a * m.b + 1) ^ 5;
          ctx.state.b = (m.a * m.b) | 7;
        },
      },
    });
    expect(times(handler(Parts), 'Math.imul')).toBe(1);
  });

  it('in a local that has it already, as long as that can not change', () => {
    const Named = actor('Named', {
      state,
      messages,
      on: {
        Go(ctx, m) {
          const product = m.a * m.b;
          let sum = m.a * 7 + m.b;
          ctx.state.a = (m.a * m.b) | 1;
          sum += 1;
          ctx.state.b = sum ^ (m.a * 7 + m.b) ^ product;
        },
      },
    });
    const text = handler(Named);
    expect(text).toMatch(/\/\* a \*\/\] = \(product_0 \| 1\)/);
    expect([times(text, 'Math.imul'), times(text, 'let common_')]).toEqual([2, 1]);
  });

  it('calls that can not fault', () => {
    const Calls = actor('Calls', {
      state,
      messages,
      on: {
        Go(ctx, m) {
          const { xs } = ctx.state;
          xs[bucket(m.x)] = (xs[bucket(m.x)] as number) + 1;
        },
      },
    });
    expect(times(handler(Calls), 'f0_bucket(')).toBe(1);
  });
});

describe('what is another value is computed again', () => {
  it('after a field, an element or a local changed', () => {
    const Changed = actor('Changed', {
      state,
      messages,
      on: {
        Go(ctx, m) {
          const s = ctx.state;
          let k = m.b;
          s.b = s.a * (s.xs[1] as number) + k * 3;
          s.a += 1;
          s.b += s.a * (s.xs[1] as number);
          s.xs[m.a & 7] = 5;
          s.b += s.a * (s.xs[1] as number);
          k += 1;
          s.b += k * 3;
        },
      },
    });
    const text = handler(Changed);
    expect(times(text, 'common_')).toBe(0);
    expect(times(text, 'Math.imul')).toBe(5);
  });

  it('in a loop that changes it', () => {
    const Looped = actor('Looped', {
      state,
      messages,
      on: {
        Go(ctx, m) {
          const s = ctx.state;
          s.b = s.a * m.b;
          for (let i = u32(0); i < m.a; i++) {
            s.xs[i & 7] = s.a * m.b;
            s.a += 1;
          }
        },
      },
    });
    expect(times(handler(Looped), 'Math.imul')).toBe(2);
  });
});

describe('nothing is computed earlier than it was', () => {
  it('what may fault stays where it is, each time', () => {
    const Faults = actor('Faults', {
      state,
      messages,
      on: {
        Go(ctx, m) {
          ctx.state.a = (ctx.state.xs[m.a] as number) * 3;
          ctx.state.b = (ctx.state.xs[m.a] as number) * 3;
        },
      },
    });
    expect(times(handler(Faults), 'miss(')).toBe(2);
  });

  it('what only one branch computes is not known in the other, nor behind', () => {
    const Branches = actor('Branches', {
      state,
      messages,
      on: {
        Go(ctx, m) {
          if (m.a > 3) ctx.state.wide = m.wide * m.wide;
          else ctx.state.wide += m.wide * m.wide;
          ctx.state.x = m.a > 5 ? m.x / 3 : 0;
          ctx.state.wide ^= m.wide * m.wide;
        },
      },
    });
    const text = handler(Branches);
    expect(times(text, 'common_')).toBe(0);
  });
});
