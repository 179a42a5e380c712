import { type AnyActor, actor, array, f32, layoutOf, u32, u64 } from '@ringkernel/core';
import type { Handler, Memory } from './compiler-memory.ts';

const taps = 64;

const Counter = actor('Counter', {
  state: { count: u32, total: u32 },
  messages: { Add: { by: u32 } },
  on: {
    Add(ctx, m) {
      ctx.state.count += 1;
      ctx.state.total += m.by;
    },
  },
});

const Sum = actor('Sum', {
  state: { total: u64 },
  messages: { Add: { by: u32 } },
  on: {
    Add(ctx, m) {
      ctx.state.total += u64(m.by);
    },
  },
});

const Histogram = actor('Histogram', {
  state: { sum: u32, counts: array(u32, 64) },
  messages: { Seen: { at: u32 } },
  on: {
    Seen(ctx, m) {
      const s = ctx.state;
      s.counts[m.at & 63] = (s.counts[m.at & 63] as number) + 1;
      s.sum = 0;
      for (let i = 0; i < 64; i++) s.sum += s.counts[i] as number;
    },
  },
});

/** Running mean and variance (Welford) and a filter of 64 taps. */
const Filter = actor('Filter', {
  state: { n: u32, mean: f32, m2: f32, out: f32, at: u32, xs: array(f32, 64), ks: array(f32, 64) },
  messages: { Sample: { x: f32 } },
  on: {
    Sample(ctx, m) {
      const s = ctx.state;
      s.n += 1;
      const d = m.x - s.mean;
      s.mean += d / f32(s.n);
      s.m2 += d * (m.x - s.mean);
      s.xs[s.at % 64] = m.x;
      let sum = f32(0);
      for (let i = 0; i < 64; i++) sum += (s.xs[(s.at + i) % 64] as number) * (s.ks[i] as number);
      s.at += 1;
      s.out = sum;
    },
  },
});

const Hash = actor('Hash', {
  state: { hash: u32 },
  messages: { Mix: { x: u32 } },
  on: {
    Mix(ctx, m) {
      let v = m.x;
      let h = ctx.state.hash;
      for (let i = 0; i < 32; i++) {
        v ^= v << 13;
        v ^= v >>> 17;
        v ^= v << 5;
        h = Math.imul(h ^ v, 0x01000193);
      }
      ctx.state.hash = h;
    },
  },
});

const Wide = actor('Wide', {
  state: { x: u64 },
  messages: { Step: { k: u64 } },
  on: {
    Step(ctx, m) {
      let x = ctx.state.x;
      for (let i = 0; i < 16; i++) x = x * 6364136223846793005n + m.k;
      ctx.state.x = x;
    },
  },
});

/** So many steps of splitmix64 for each message: few show what a message costs, many what arithmetic does. */
function mixer(steps: number) {
  return actor('Mix64', {
    state: { x: u64, sum: u64 },
    messages: { Step: { k: u64 } },
    on: {
      Step(ctx, m) {
        let x = ctx.state.x;
        for (let i = 0; i < steps; i++) {
          x += 0x9e3779b97f4a7c15n;
          let z = x ^ m.k;
          z = (z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n;
          z = (z ^ (z >> 27n)) * 0x94d049bb133111ebn;
          ctx.state.sum += z ^ (z >> 31n);
        }
        ctx.state.x = x;
      },
    },
  });
}

/** What a closure over typed views would do, written by hand. It computes f32 sums in doubles: not exact. */
type Raw = (memory: Memory) => Handler;

const rawCounter: Raw = ({ env, stride }) => {
  const [u, m] = [new Uint32Array(env.memory), new Uint32Array(env.arena)];
  return (self, header) => {
    const s = (self * stride) >> 2;
    u[s] = (u[s] ?? 0) + 1;
    u[s + 1] = (u[s + 1] ?? 0) + (m[(header >> 2) + 16] ?? 0);
  };
};

const rawSum: Raw = ({ env, stride }) => {
  const [b, m] = [new BigUint64Array(env.memory), new Uint32Array(env.arena)];
  return (self, header) => {
    const s = (self * stride) >> 3;
    b[s] = (b[s] ?? 0n) + BigInt(m[(header >> 2) + 16] ?? 0);
  };
};

const rawHistogram: Raw = ({ env, stride }) => {
  const [u, m] = [new Uint32Array(env.memory), new Uint32Array(env.arena)];
  return (self, header) => {
    const s = (self * stride) >> 2;
    const at = s + 1 + ((m[(header >> 2) + 16] ?? 0) & 63);
    u[at] = (u[at] ?? 0) + 1;
    u[s] = 0;
    for (let i = 0; i < 64; i++) u[s] = (u[s] ?? 0) + (u[s + 1 + i] ?? 0);
  };
};

const rawFilter: Raw = ({ env, stride }) => {
  const layout = layoutOf(Filter.spec.state);
  const at = (name: string): number =>
    (layout.fields.find((field) => field.name === name)?.offset ?? 0) / 4;
  const [xs, ks] = [at('xs'), at('ks')];
  const [u, f] = [new Uint32Array(env.memory), new Float32Array(env.memory)];
  const m = new Float32Array(env.arena);
  return (self, header) => {
    const s = (self * stride) >> 2;
    const x = m[(header >> 2) + 16] ?? 0;
    u[s] = (u[s] ?? 0) + 1;
    const d = x - (f[s + 1] ?? 0);
    f[s + 1] = (f[s + 1] ?? 0) + d / (u[s] ?? 0);
    f[s + 2] = (f[s + 2] ?? 0) + d * (x - (f[s + 1] ?? 0));
    const start = u[s + 4] ?? 0;
    f[s + xs + (start % taps)] = x;
    let sum = 0;
    for (let i = 0; i < taps; i++) {
      sum += (f[s + xs + ((start + i) % taps)] ?? 0) * (f[s + ks + i] ?? 0);
    }
    u[s + 4] = start + 1;
    f[s + 3] = sum;
  };
};

const rawHash: Raw = ({ env, stride }) => {
  const [u, m] = [new Uint32Array(env.memory), new Uint32Array(env.arena)];
  return (self, header) => {
    const s = (self * stride) >> 2;
    let v = m[(header >> 2) + 16] ?? 0;
    let h = u[s] ?? 0;
    for (let i = 0; i < 32; i++) {
      v ^= v << 13;
      v ^= v >>> 17;
      v ^= v << 5;
      h = Math.imul(h ^ v, 0x01000193);
    }
    u[s] = h;
  };
};

const rawWide: Raw = ({ env, stride }) => {
  const [b, m] = [new BigUint64Array(env.memory), new BigUint64Array(env.arena)];
  return (self, header) => {
    const s = (self * stride) >> 3;
    let x = b[s] ?? 0n;
    const k = m[(header >> 3) + 8] ?? 0n;
    for (let i = 0; i < 16; i++) x = BigInt.asUintN(64, x * 6364136223846793005n + k);
    b[s] = x;
  };
};

const rawMix64 =
  (steps: number): Raw =>
  ({ env, stride }) => {
    const [b, m] = [new BigUint64Array(env.memory), new BigUint64Array(env.arena)];
    const wrap = (x: bigint): bigint => BigInt.asUintN(64, x);
    return (self, header) => {
      const s = (self * stride) >> 3;
      const k = m[(header >> 3) + 8] ?? 0n;
      let x = b[s] ?? 0n;
      for (let i = 0; i < steps; i++) {
        x = wrap(x + 0x9e3779b97f4a7c15n);
        let z = x ^ k;
        z = wrap((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n);
        z = wrap((z ^ (z >> 27n)) * 0x94d049bb133111ebn);
        b[s + 1] = (b[s + 1] ?? 0n) + (z ^ (z >> 31n));
      }
      b[s] = x;
    };
  };

export interface HandlerCase {
  readonly name: string;
  readonly kind: 'integer' | 'f32' | 'u64';
  readonly definition: AnyActor;
  readonly raw: Raw;
}

export const handlerCases: readonly HandlerCase[] = [
  { name: 'u32 counter', kind: 'integer', definition: Counter, raw: rawCounter },
  { name: '32 rounds of xorshift', kind: 'integer', definition: Hash, raw: rawHash },
  { name: 'table of 64 counts', kind: 'integer', definition: Histogram, raw: rawHistogram },
  { name: 'Welford and 64 taps, f32', kind: 'f32', definition: Filter, raw: rawFilter },
  { name: '8 steps of splitmix64', kind: 'u64', definition: mixer(8), raw: rawMix64(8) },
  { name: '256 steps of splitmix64', kind: 'u64', definition: mixer(256), raw: rawMix64(256) },
  { name: '16 multiply-adds, u64', kind: 'u64', definition: Wide, raw: rawWide },
  { name: 'one u64 addition', kind: 'integer', definition: Sum, raw: rawSum },
];
