import { compile, emitWgsl, type Module } from '@ringkernel/compiler';
import { actor, array, f32, i32, u8, u16, u32, u64 } from '@ringkernel/core';
import { afterAll, describe, expect, it } from 'vitest';
import { compare } from '../src/fuzz/compare.ts';
import type { Scenario } from '../src/fuzz/engine.ts';
import { Dawn, runFuzz, wgslTarget } from '../src/fuzz/index.ts';
import { runWgsl } from './run-wgsl.ts';

const dawn = await Dawn.open();
if (typeof dawn === 'string') console.warn(`WGSL is not run: ${dawn}`);

afterAll(() => {
  if (typeof dawn !== 'string') dawn.close();
});

/** Sections in loops and branches, what they hand over, and where handlers leave between them. */
const Nested = actor('Nested', {
  state: {
    xs: array(i32, 300),
    bytes: array(u8, 99),
    halves: array(u16, 130),
    bins: array(u32, 8),
    sums: array(u32, 200),
    wide: array(u64, 70),
    best: i32,
    n: u32,
  },
  messages: { Go: { k: u32 } },
  on: {
    Go(ctx, m) {
      const s = ctx.state;
      for (let r = 0; r < 4; r++) {
        const shift = r * 2 + m.k;
        if (shift > 9) return;
        ctx.parallelFor(300, (i) => {
          s.xs[i] = i32(i * 40503) >> i32(shift);
          (s.bins[(i * 7 + shift) & 7] as number) += 1;
        });
        ctx.parallelFor(99, (i) => {
          s.bytes[i] = i + shift;
        });
        if (r === 1) {
          s.n += ctx.sum(300, (i) => u32(s.xs[i] as number) ^ shift);
          continue;
        } else s.best = ctx.max(99, (i) => i32(s.bytes[i] as number) - (s.xs[i] as number));
        ctx.scan(
          200,
          (i) => u32(s.bytes[i % 99] as number),
          (i, sum) => {
            s.sums[i] = sum;
          },
        );
        ctx.parallelFor(130, (i) => {
          s.halves[i] = (s.sums[i] as number) + shift;
        });
        ctx.parallelFor(70, (i) => {
          s.wide[i] = u64(s.sums[i] as number) * u64(0x10001);
        });
        if (r === m.k) break;
        s.n += 1;
      }
      s.n += 1000;
    },
  },
});

/** Rounds that fault: the first of them in order is the handler's fault. */
const Faulty = actor('Faulty', {
  state: { few: array(u32, 40), bins: array(u32, 4), total: u32 },
  messages: { Write: { n: u32 }, Merge: { n: u32 }, Sum: { n: u32 }, Scan: { n: u32 } },
  on: {
    Write(ctx, m) {
      const s = ctx.state;
      ctx.parallelFor(m.n, (i) => {
        s.few[i] = i;
      });
      s.total += 1;
    },
    Merge(ctx, m) {
      const s = ctx.state;
      ctx.parallelFor(m.n, (i) => {
        (s.bins[i % 7] as number) += i;
      });
    },
    Sum(ctx, m) {
      const s = ctx.state;
      s.total += ctx.sum(m.n, (i) => s.few[i] as number);
    },
    Scan(ctx, m) {
      const s = ctx.state;
      ctx.scan(
        m.n,
        (i) => i,
        (i, sum) => {
          s.few[i] = sum;
        },
      );
    },
  },
});

const Floats = actor('Floats', {
  state: { xs: array(f32, 777), sums: array(f32, 777), total: f32, least: f32, most: f32 },
  messages: { Go: { n: u32 } },
  on: {
    Go(ctx, m) {
      const s = ctx.state;
      ctx.parallelFor(777, (i) => {
        s.xs[i] = (f32(i) - 300) / 7;
      });
      s.total = ctx.sum(m.n, (i) => (s.xs[i] as number) * (s.xs[i] as number));
      s.least = ctx.min(m.n, (i) => s.xs[i] as number);
      s.most = ctx.max(m.n, (i) => s.xs[i] as number);
      ctx.scan(
        m.n,
        (i) => s.xs[i] as number,
        (i, sum) => {
          s.sums[i] = sum;
        },
      );
    },
  },
});

function scenarioOf(module: Module, sent: readonly { type: string; value: number }[]): Scenario {
  const messages = sent.map(({ type, value }, i) => {
    const bytes = new Uint8Array(128);
    const view = new DataView(bytes.buffer);
    view.setUint32(4, module.messages.find(({ name }) => name === type)?.id ?? 0, true);
    view.setUint32(8, 4, true);
    view.setUint32(64, value, true);
    return { instance: i % 3, bytes };
  });
  return { instances: 3, baseAddress: 64, seed: 7, messages };
}

describe.skipIf(typeof dawn === 'string')('a workgroup for each instance', () => {
  if (typeof dawn === 'string') return;
  const target = wgslTarget(dawn, 'workgroup');

  it('does what the interpreter does, in sections within loops and branches', async () => {
    const module = compile(Nested).program.module;
    const sent = [0, 1, 2, 3, 9, 12, 0].map((value) => ({ type: 'Go', value }));
    expect(await compare(target, module, scenarioOf(module, sent))).toBe('same');
  });

  it('records the fault of the first round', async () => {
    const module = compile(Faulty).program.module;
    for (const type of ['Write', 'Merge', 'Sum', 'Scan']) {
      const sent = [0, 4, 40, 41, 120, 200].map((value) => ({ type, value }));
      expect(await compare(target, module, scenarioOf(module, sent)), type).toBe('same');
    }
  });

  it('adds floats in the order of one invocation', async () => {
    for (const n of [0, 1, 63, 64, 65, 700]) {
      const image = compile(Floats);
      const apart = await runWgsl(dawn, image, 'Go', { n });
      expect(await runWgsl(dawn, image, 'Go', { n }, 'workgroup'), `${n}`).toEqual(apart);
    }
  });

  it('does what the interpreter does in random programs', async () => {
    const report = await runFuzz({
      seed: 18,
      count: 6,
      maxDifferences: 1,
      floats: false,
      targets: [target],
    });
    expect(report.differences).toEqual([]);
    expect(report.targets['wgsl-workgroup']?.run).toBe(6);
  }, 300_000);

  it.each([
    ['a round that is left out', 'var i = rk_lane;', 'var i = rk_lane + 1u;'],
    ['a merge that overwrites', 'atomicAdd(&rk_states', 'atomicMax(&rk_states'],
    ['the last of the faults', 'atomicMin(&rk_first_place', 'atomicMax(&rk_first_place'],
    [
      'what is not handed over',
      'if (rk_lane == 0u) { rk_handed_',
      'if (rk_lane == 1u) { rk_handed_',
    ],
    ['a tree of half its height', 'half = 32u', 'half = 16u'],
  ])(
    'a mistake is found: %s',
    async (_, right, wrong) => {
      const broken = wgslTarget(dawn, 'workgroup', (module, form) => {
        const text = emitWgsl(module, form);
        return text.replaceAll(right, wrong);
      });
      const nested = compile(Nested).program.module;
      const faulty = compile(Faulty).program.module;
      const go = [0, 1, 2].map((value) => ({ type: 'Go', value }));
      const write = [200].map((value) => ({ type: 'Write', value }));
      const found = [
        await compare(broken, nested, scenarioOf(nested, go)),
        await compare(broken, faulty, scenarioOf(faulty, write)),
      ];
      expect(found).not.toEqual(['same', 'same']);
    },
    120_000,
  );
});
