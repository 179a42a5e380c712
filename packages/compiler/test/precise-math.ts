/**
 * Functions of doubles computed with 192 binary places, as doubles: what results in f32 are measured against. Shares
 * nothing with the engine's Math.
 */

const places = 192n;
const one = 1n << places;

/** Exact: a double is a whole number times a power of two. */
function fixed(x: number): bigint {
  let scaled = x;
  let shift = 0n;
  while (!Number.isInteger(scaled)) {
    scaled *= 2;
    shift++;
  }
  return (BigInt(scaled) << places) >> shift;
}

const times = (a: bigint, b: bigint): bigint => (a * b) >> places;
const over = (a: bigint, b: bigint): bigint => (a << places) / b;

/** Nearly the nearest double to `x · 2^exponent`: its first 64 bits. */
function double(x: bigint, exponent = 0): number {
  if (x < 0n) return -double(-x, exponent);
  const cut = Math.max(0, x.toString(2).length - 64);
  return Number(x >> BigInt(cut)) * 2 ** (cut - Number(places) + exponent);
}

/** `Σ term`, until the terms vanish. */
function series(first: bigint, next: (term: bigint, n: bigint) => bigint): bigint {
  let sum = 0n;
  let n = 0n;
  for (let term = first; term !== 0n && term !== -1n; term = next(term, n)) {
    sum += term;
    n++;
  }
  return sum;
}

/** `z + s z³/3 + z⁵/5 …`: the inverse hyperbolic tangent for s = 1, the inverse tangent for s = -1. */
function inverse(z: bigint, s: 1n | -1n): bigint {
  const square = times(z, z);
  let sum = 0n;
  let power = z;
  for (let n = 1n; power / n !== 0n; n += 2n) {
    sum += power / n;
    power = s * times(power, square);
  }
  return sum;
}

const ln2 = 2n * inverse(one / 3n, 1n);
const pi = 16n * inverse(one / 5n, -1n) - 4n * inverse(one / 239n, -1n);

function root(x: bigint): bigint {
  const target = x << places;
  let guess = 1n << BigInt(Math.ceil(target.toString(2).length / 2));
  for (;;) {
    const better = (guess + target / guess) >> 1n;
    if (better >= guess) return guess;
    guess = better;
  }
}

/** e^x as a fixed number and a power of two. */
function expOf(x: bigint): { readonly value: bigint; readonly exponent: number } {
  const k = x / ln2;
  const rest = x - k * ln2;
  const value = series(one, (term, n) => times(term, rest) / n);
  return { value, exponent: Number(k) };
}

function logOf(x: bigint): bigint {
  const k = BigInt(x.toString(2).length) - 1n - places;
  const m = k >= 0n ? x >> k : x << -k;
  return k * ln2 + 2n * inverse(over(m - one, m + one), 1n);
}

function sinOf(x: bigint): bigint {
  const turn = 2n * pi;
  const rest = x - (x / turn) * turn;
  const square = times(rest, rest);
  return series(rest, (term, n) => -times(term, square) / (2n * n * (2n * n + 1n)));
}

const cosOf = (x: bigint): bigint => sinOf(x + pi / 2n);

/** For positive x; halves the angle three times before the series. */
function atanOf(x: bigint): bigint {
  let z = x;
  for (let i = 0; i < 3; i++) z = over(z, one + root(one + times(z, z)));
  return 8n * inverse(z, -1n);
}

export const precise = {
  sin: (x: number): number => double(sinOf(fixed(x))),
  cos: (x: number): number => double(cosOf(fixed(x))),
  tan: (x: number): number => double(over(sinOf(fixed(x)), cosOf(fixed(x)))),
  exp(x: number): number {
    const { value, exponent } = expOf(fixed(x));
    return double(value, exponent);
  },
  log: (x: number): number => double(logOf(fixed(x))),
  log2: (x: number): number => double(over(logOf(fixed(x)), ln2)),
  tanh(x: number): number {
    const { value, exponent } = expOf(fixed(2 * Math.abs(x)));
    const e = value << BigInt(exponent);
    return Math.sign(x) * double(over(e - one, e + one));
  },
  /** For y and x other than 0. */
  atan2(y: number, x: number): number {
    const acute = atanOf(over(fixed(Math.abs(y)), fixed(Math.abs(x))));
    return Math.sign(y) * double(x > 0 ? acute : pi - acute);
  },
  /** For positive x. */
  pow(x: number, y: number): number {
    const { value, exponent } = expOf(times(fixed(y), logOf(fixed(x))));
    return double(value, exponent);
  },
};

/** Distance from the exact value in units of the last place of the f32 there. */
export function ulps(found: number, exact: number): number {
  const exponent = Math.max(Math.floor(Math.log2(Math.abs(exact))), -126);
  return Math.abs(found - exact) / 2 ** (exponent - 23);
}
