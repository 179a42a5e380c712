import { compile, emitJavaScript, optimize } from '@ringkernel/compiler';
import { type AnyActor, actor, array, i32, u32 } from '@ringkernel/core';
import { describe, expect, it } from 'vitest';

function optimised(definition: AnyActor): string {
  return emitJavaScript(optimize(compile(definition).program.module));
}

const state = { xs: array(u32, 8), n: u32 };
const messages = { Go: { at: u32, signed: i32 } };

describe('indices that are proven to be in range are not checked', () => {
  it('in loops up and down, with a step, a break and a limit that varies', () => {
    const Loops = actor('Loops', {
      state,
      messages,
      on: {
        Go(ctx, m) {
          const s = ctx.state;
          for (let i = 0; i < 8; i++) s.xs[i] = s.n;
          for (let i = 7; i >= 0; i -= 1) s.n += s.xs[i] as number;
          for (let i = 0; i < 7; i += 3) {
            if (i === m.signed) break;
            s.xs[i + 1] = (s.xs[i] as number) + 1;
          }
          for (let i = 0; i < Math.min(m.at, 8); i++) s.xs[i] = 1;
        },
      },
    });
    expect(optimised(Loops)).not.toMatch(/env\.fault/u);
  });

  it('after a remainder, a mask and a comparison', () => {
    const Bounded = actor('Bounded', {
      state,
      messages,
      on: {
        Go(ctx, m) {
          const s = ctx.state;
          s.xs[m.at % 8] = 1;
          const masked = m.at & 7;
          s.xs[masked] = 2;
          const signed = m.signed;
          if (signed >= 0 && signed < 8) s.xs[signed] = 3;
        },
      },
    });
    expect(optimised(Bounded)).not.toMatch(/env\.fault/u);
  });
});

describe('indices that can be out of range stay checked', () => {
  it.each([
    [
      'one past the end',
      actor('Past', {
        state,
        messages,
        on: {
          Go(ctx) {
            for (let i = 0; i <= 8; i++) ctx.state.xs[i] = 1;
          },
        },
      }),
    ],
    [
      'a counter that the body moves too',
      actor('Moved', {
        state,
        messages,
        on: {
          Go(ctx) {
            for (let i = 0; i < 8; i++) {
              i += 1;
              ctx.state.xs[i] = 1;
            }
          },
        },
      }),
    ],
    [
      'a signed remainder',
      actor('Signed', {
        state,
        messages,
        on: {
          Go(ctx, m) {
            ctx.state.xs[m.signed % 8] = 1;
          },
        },
      }),
    ],
    [
      'a counter after its loop',
      actor('After', {
        state,
        messages,
        on: {
          Go(ctx) {
            let i = 0;
            while (i < 8) i++;
            ctx.state.xs[i] = 1;
          },
        },
      }),
    ],
  ] as const)('%s', (_, definition) => {
    expect(optimised(definition)).toMatch(/env\.fault/u);
  });
});
