import {
  buildProgram,
  compile,
  emitJavaScript,
  interpretProgram,
  optimize,
  type ProgramEnv,
} from '@ringkernel/compiler';
import { type AnyActor, actor, array, f32, layoutOf, u32, u64 } from '@ringkernel/core';
import { type Bench, beside, plain, type Row } from './bench.ts';
import { interleaved, nsPer } from './measure.ts';

const taps = 64;
const instances = 64;
const headerBytes = 64;

const Counter = actor('Counter', {
  state: { count: u32, total: u64 },
  messages: { Add: { by: u32 } },
  on: {
    Add(ctx, m) {
      ctx.state.count += 1;
      ctx.state.total += u64(m.by);
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

interface Memory {
  readonly env: ProgramEnv;
  /** Byte offsets of one message per instance. */
  readonly headers: readonly number[];
  readonly stride: number;
}

/** States and one message for each instance, in shared memory as in the product. */
function memoryOf(definition: AnyActor): Memory {
  const { state, messages } = compile(definition);
  const [message] = messages;
  const stride = Math.ceil(state.size / 8) * 8;
  const bytes = headerBytes + Math.ceil((message?.layout.size ?? 0) / 64) * 64;
  const arena = new SharedArrayBuffer(bytes * instances);
  const headers = Array.from({ length: instances }, (_, i) => i * bytes);
  const words = new Uint32Array(arena);
  for (const header of headers) {
    words[header / 4 + 1] = message?.id ?? 0;
    words[header / 4 + 16] = 0x3f800000 + header;
  }
  // Every word is a plain f32 between 0.5 and 2: floating point is slower on some values than on others.
  const memory = new SharedArrayBuffer(stride * instances + 8 * instances);
  const stateWords = new Uint32Array(memory);
  for (let i = 0; i < stateWords.length; i++) stateWords[i] = 0x3f000000 + i * 1009;
  const none = (): number => {
    throw new Error('these actors send nothing');
  };
  const env: ProgramEnv = {
    arena,
    memory,
    stateOffset: 0,
    stateStride: stride,
    drawsIndex: (stride * instances) / 4,
    drawsStride: 1,
    baseAddress: 64,
    instances,
    seed: 0,
    send: none,
    reply: none,
    emit: none,
    fault: none,
  };
  return { env, headers, stride };
}

type Handler = (self: number, header: number) => void;

function time(headers: readonly number[], handler: Handler, count: number): number {
  const rounds = Math.ceil(count / headers.length);
  return nsPer(rounds * headers.length, () => {
    for (let round = 0; round < rounds; round++) {
      for (let i = 0; i < headers.length; i++) handler(i, headers[i] ?? 0);
    }
  });
}

/** What a closure over typed views would do, written by hand. It computes f32 sums in doubles: not exact. */
type Raw = (memory: Memory) => Handler;

const rawCounter: Raw = ({ env, stride }) => {
  const [u, b] = [new Uint32Array(env.memory), new BigUint64Array(env.memory)];
  const m = new Uint32Array(env.arena);
  return (self, header) => {
    const s = (self * stride) >> 2;
    u[s] = (u[s] ?? 0) + 1;
    b[(s >> 1) + 1] = (b[(s >> 1) + 1] ?? 0n) + BigInt(m[(header >> 2) + 16] ?? 0);
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

const cases: readonly (readonly [name: string, definition: AnyActor, raw: Raw])[] = [
  ['u32 and u64 counter', Counter, rawCounter],
  ['Welford and 64 taps, f32', Filter, rawFilter],
  ['32 rounds of xorshift', Hash, rawHash],
  ['16 multiply-adds, u64', Wide, rawWide],
];

/** The code the compiler makes beside handlers written by hand, and beside the interpreter. */
export const compilerBench: Bench = {
  name: 'compiler',
  title: 'Generated JavaScript, nanoseconds per message on one core',
  async run({ quick }) {
    const count = quick ? 20_000 : 1_000_000;
    const rows: Row[] = [];
    for (const [name, definition, raw] of cases) {
      const { module } = compile(definition).program;
      const text = emitJavaScript(optimize(module));
      const variant = (make: (memory: Memory) => Handler, share = 1) => {
        const memory = memoryOf(definition);
        const handler = make(memory);
        return () => time(memory.headers, handler, Math.ceil(count / share));
      };
      const names = [`${name}: generated`, `${name}: by hand`, `${name}: interpreter`] as const;
      const medians = await interleaved(
        {
          [names[0]]: variant(({ env }) => buildProgram(text)(env).run),
          [names[1]]: variant(raw),
          [names[2]]: variant(({ env }) => interpretProgram(module)(env).run, 200),
        },
        quick ? 1 : 7,
      );
      rows.push(beside(medians, names[0], names[1], 'ns'));
      rows.push(plain(medians, names[1], 'ns'), plain(medians, names[2], 'ns'));
    }
    return rows;
  },
};
