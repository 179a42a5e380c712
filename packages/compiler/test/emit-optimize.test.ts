import { compile, emitJavaScript, optimize } from '@ringkernel/compiler';
import { type AnyActor, actor, array, i32, struct, u32 } from '@ringkernel/core';
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

describe('fields that a loop uses are in locals while it runs', () => {
  const counts = { count: u32, xs: array(u32, 8), back: u32 };

  /** The text of the first loop, and what comes behind it. */
  function loopOf(definition: AnyActor): { readonly loop: string; readonly behind: string } {
    const text = optimised(definition);
    const start = text.indexOf('for (');
    const end = text.indexOf('\n  }\n', start);
    return { loop: text.slice(start, end), behind: text.slice(end) };
  }

  it('and are written back behind it and where the handler is left', () => {
    const Sum = actor('Sum', {
      state: counts,
      messages,
      on: {
        Go(ctx, m) {
          const s = ctx.state;
          for (let i = 0; i < 8; i++) {
            s.count += s.xs[i] as number;
            if (s.count === m.at) return;
            if (s.count > 1000) ctx.fail(s.count);
          }
        },
      },
    });
    const { loop, behind } = loopOf(Sum);
    expect(loop).not.toMatch(/ at \*\//u);
    const written = /stateU32\[s4 \/\* count \*\/\] = count_\d+;/gu;
    expect(loop.match(written)).toHaveLength(2);
    expect(loop).toMatch(/count \*\/\] = count_\d+;\s+return;/u);
    expect(loop).toMatch(/count \*\/\] = count_\d+;\s+env\.fault/u);
    expect(behind.match(written)).toHaveLength(1);
  });

  it('also where helpers are called that do not read the state', () => {
    const twice = (x: number): number => u32(x) * 2;
    const Doubling = actor('Doubling', {
      state: counts,
      messages,
      on: {
        Go(ctx) {
          const s = ctx.state;
          for (let i = 0; i < 8; i++) s.count = twice(s.count) + s.back;
        },
      },
    });
    expect(loopOf(Doubling).loop).not.toMatch(/stateU32/u);
  });

  it('but not where they are copied with others', () => {
    const pair = { n: u32, m: u32 };
    const Copying = actor('Copying', {
      state: { a: struct(pair), b: struct(pair), count: u32 },
      messages,
      on: {
        Go(ctx) {
          const s = ctx.state;
          for (let i = 0; i < 8; i++) {
            s.a.n += 1;
            s.b = s.a;
            s.count += 1;
          }
        },
      },
    });
    const { loop } = loopOf(Copying);
    expect(loop).toMatch(/a\.n \*\//u);
    expect(loop).not.toMatch(/count \*\//u);
  });
});
