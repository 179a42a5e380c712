import { compile } from '@ringkernel/compiler';
import { actor, array, f32 } from '@ringkernel/core';
import { afterAll, describe, expect, test } from 'vitest';
import { Dawn } from '../src/fuzz/index.ts';
import { precise, ulps } from './precise-math.ts';
import { runActor } from './run-actor.ts';
import { runWgsl } from './run-wgsl.ts';

const size = 256;
const values = array(f32, size);

const Functions = actor('Functions', {
  state: {
    sin: values,
    cos: values,
    tan: values,
    exp: values,
    log: values,
    log2: values,
    tanh: values,
    atan2: values,
    pow: values,
  },
  messages: { Go: { angle: values, small: values, positive: values, other: values } },
  on: {
    Go(ctx, m) {
      const s = ctx.state;
      for (let i = 0; i < size; i++) {
        s.sin[i] = Math.sin(m.angle[i] as number);
        s.cos[i] = Math.cos(m.angle[i] as number);
        s.tan[i] = Math.tan(m.angle[i] as number);
        s.exp[i] = Math.exp(m.small[i] as number);
        s.log[i] = Math.log(m.positive[i] as number);
        s.log2[i] = Math.log2(m.positive[i] as number);
        s.tanh[i] = Math.tanh(m.small[i] as number);
        s.atan2[i] = Math.atan2(m.small[i] as number, m.other[i] as number);
        s.pow[i] = (m.positive[i] as number) ** (m.other[i] as number);
      }
    },
  },
});

type Name = keyof typeof precise;
type Results = Readonly<Record<Name, readonly number[]>>;

/** Spread evenly, and never 0. */
const spread = (from: number, to: number): number[] =>
  Array.from({ length: size }, (_, i) => Math.fround(from + ((to - from) * (i + 0.37)) / size));

function inputs(angles: number) {
  return {
    angle: spread(-angles, angles),
    small: spread(-8, 8),
    positive: spread(-6, 6).map((x) => Math.fround(2 ** x)),
    other: spread(5, -7),
  };
}

type Inputs = ReturnType<typeof inputs>;

function argumentsOf(name: Name, { angle, small, positive, other }: Inputs, i: number): number[] {
  const pick = { sin: angle, cos: angle, tan: angle, exp: small, tanh: small, atan2: small };
  const first = (pick as Partial<Record<Name, number[]>>)[name] ?? positive;
  const second = name === 'atan2' || name === 'pow' ? [other[i] as number] : [];
  return [first[i] as number, ...second];
}

type Exact = (...args: readonly number[]) => number;

/** Calls `check` with what was found, what is exact, and the arguments. */
function each(
  results: Results,
  given: Inputs,
  name: Name,
  check: (found: number, exact: number, args: readonly number[]) => void,
): void {
  for (let i = 0; i < size; i++) {
    const args = argumentsOf(name, given, i);
    check(results[name][i] as number, (precise[name] as Exact)(...args), args);
  }
}

const names = Object.keys(precise) as Name[];

describe('on the CPU the result is the f32 nearest to the exact one, or as good as that', () => {
  const given = inputs(1000);
  const { state } = runActor(Functions, [{ type: 'Go', fields: given }]);
  test.each(names)('%s', (name) => {
    let worst = 0;
    each(state as unknown as Results, given, name, (found, exact) => {
      worst = Math.max(worst, ulps(found, exact));
    });
    expect(worst).toBeGreaterThan(0);
    expect(worst).toBeLessThan(0.501);
  });
});

/** What WGSL allows: https://www.w3.org/TR/WGSL/#floating-point-accuracy */
const wgsl: Readonly<Record<Name, (exact: number, args: readonly number[]) => number>> = {
  sin: () => 2 ** -11,
  cos: () => 2 ** -11,
  // Of a sine over a cosine, each as far off as it may be.
  tan: (exact, [x = 0]) => {
    const cos = Math.abs(Math.cos(x));
    return cos < 2 ** -8
      ? Number.POSITIVE_INFINITY
      : ((1 + Math.abs(exact)) * 2 ** -11) / (cos / 2);
  },
  exp: (exact, [x = 0]) => place(exact) * (3 + 2 * Math.abs(x)),
  log: (exact, [x = 0]) => (x >= 0.5 && x <= 2 ? 2 ** -21 : 3 * place(exact)),
  log2: (exact, [x = 0]) => (x >= 0.5 && x <= 2 ? 2 ** -21 : 3 * place(exact)),
  tanh: () => 1e-5,
  atan2: (exact) => 4096 * place(exact),
  // exp2(y * log2(x)): the error of the logarithm, times y, is that of the exponent.
  pow: (exact, [x = 0, y = 0]) => {
    const exponent = y * Math.log2(x);
    const off = Math.abs(y) * (2 ** -21 + 3 * place(Math.log2(x))) + place(exponent);
    return place(exact) * (3 + 2 * Math.abs(exponent)) + 2 * Math.abs(exact) * off;
  },
};

/** One unit of the last place of the f32 there. */
const place = (x: number): number => 2 ** (Math.floor(Math.log2(Math.abs(x))) - 23);

const dawn = await Dawn.open();
if (typeof dawn === 'string') console.warn(`WGSL is not run: ${dawn}`);

afterAll(() => {
  if (typeof dawn !== 'string') dawn.close();
});

test.skipIf(typeof dawn === 'string')(
  'WGSL on Dawn stays within the accuracy table of WGSL',
  async () => {
    if (typeof dawn === 'string') return;
    const given = inputs(Math.PI);
    const results = (await runWgsl(dawn, compile(Functions), 'Go', given)) as Results;
    for (const name of names) {
      each(results, given, name, (value, exact, args) => {
        const off = Math.abs(value - exact);
        const allowed = wgsl[name](exact, args);
        expect(off, `${name}(${args.join(', ')}) is ${value}, not ${exact}`).toBeLessThanOrEqual(
          allowed,
        );
      });
    }
  },
  60_000,
);
