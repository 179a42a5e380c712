// @ts-nocheck the type checker would refuse many of these handlers: they are wrong on purpose
// biome-ignore-all lint: the same
import { readFileSync } from 'node:fs';
import {
  CompileError,
  checkActor,
  compile,
  diagnosticTitles,
  faultTitles,
  targetTitles,
} from '@ringkernel/compiler';
import {
  actor,
  array,
  ask,
  bool,
  f32,
  f64,
  i32,
  RingKernelError,
  struct,
  u8,
  u32,
  u64,
} from '@ringkernel/core';
import { describe, expect, test } from 'vitest';

/** The type checker would refuse many of these handlers. */
type Loose = any;

const text = 'words';
const nothing = null;
const mixed = [1, 'two'];
const holes = [[1, 2], [3]];
const infinite = [1, Infinity];
const tiny = [1, -1];
const settings = { name: 'x' };
let later = 3;

function loops(n: number): number {
  return n > 0 ? loops(n - 1) : 0;
}
function forgets(n: number): number {
  if (n > 3) return n;
  return undefined as never;
}
function runsOut(n: number): any {
  if (n > 3) return n;
}
function twoTypes(n: number): any {
  if (n > 3) return n;
  return true;
}
const bound = forgets.bind(null);
const waits = async (n: number): Promise<number> => n;

/** Each handler, and the codes it must give, in source order. */
const cases: readonly (readonly [codes: string, handler: Loose, part: string])[] = [
  ['RK1001', (ctx: Loose) => (ctx.state.u = bound(1)), 'bound'],
  ['RK1002', async (ctx: Loose) => ctx.state.u++, 'async'],
  [
    'RK1002',
    function* (ctx: Loose) {
      ctx.state.u++;
    },
    'generator',
  ],
  ['RK1002', (ctx: Loose) => (ctx.state.u = waits(1)), 'async'],
  ['RK1003', (ctx: Loose, _m: Loose, more: Loose) => (ctx.state.u = more), '(ctx, message)'],
  ['RK2001', (ctx: Loose) => (ctx.state.u = ctx.state.f), "'ctx.state.u' is u32, this is f32"],
  ['RK2001', (ctx: Loose) => (ctx.state.u = ctx.state.u + 1.5), "'+': u32 and a fraction"],
  ['RK2001', (ctx: Loose) => (ctx.state.big = 5), 'write it as a bigint: 5n'],
  ['RK2001', (ctx: Loose) => (ctx.state.u = twoTypes(3)), 'returns'],
  ['RK2001', (ctx: Loose) => (ctx.state.u = ctx.state.b), 'convert it: u32(x)'],
  ['RK2001', (ctx: Loose) => ctx.emit('Event', { x: 1n }), "'x' is u32, this is a bigint"],
  ['RK2001', (ctx: Loose) => (ctx.state.xs = ctx.state.ys), 'array(f32, 4)'],
  ['RK2001', (ctx: Loose) => (ctx.state.xs = [1, 2, 3, 4, 5]), 'has 4 elements, this has 5'],
  [
    'RK2002',
    (ctx: Loose) => {
      if (ctx.state.u) ctx.state.u = 1;
    },
    'this is u32',
  ],
  ['RK2002', (ctx: Loose) => (ctx.state.b = !ctx.state.u), 'x === 0'],
  [
    'RK2002',
    (ctx: Loose) => {
      while (1) ctx.state.u = 1;
    },
    'must be a bool',
  ],
  ['RK2003', (ctx: Loose) => (ctx.state.f = ctx.state.f & 3), "'&' needs integers"],
  ['RK2003', (ctx: Loose) => (ctx.state.u = ctx.state.b + 1), "'+' needs numbers"],
  ['RK2003', (ctx: Loose) => (ctx.state.f = Math.sqrt(ctx.state.u)), 'f32 or f64'],
  ['RK2003', (ctx: Loose) => (ctx.state.u = ctx.state.big >>> 0), 'u32(x)'],
  ['RK2003', (ctx: Loose) => (ctx.state.u = ctx.sum(4, () => true)), 'needs numbers'],
  ['RK2004', (ctx: Loose) => (ctx.state.u = ctx.state.u / 2), '(a / b) >>> 0'],
  ['RK2004', (ctx: Loose) => (ctx.state.i /= 2), '(a / b) | 0'],
  ['RK2004', (ctx: Loose) => (ctx.state.i = Math.floor(ctx.state.i / 2)), '(a / b) | 0'],
  ['RK2005', (ctx: Loose) => (ctx.state.u = -ctx.state.u), '-i32(x)'],
  ['RK2006', (ctx: Loose) => (ctx.state.coutn = 1), "did you mean 'count'?"],
  ['RK2006', (ctx: Loose, m: Loose) => (ctx.state.u = m.by2), "message Go has no field 'by2'"],
  ['RK2006', (ctx: Loose) => ctx.emit('Event', { x: 1, y: 2 }), "Event has no field 'y'"],
  ['RK2006', (ctx: Loose) => (ctx.state.at.q = 1), "'at' has no field 'q'"],
  ['RK2007', (ctx: Loose) => (ctx.state.u = ctx.state.xs[ctx.state.f]), 'i32 or u32, not f32'],
  ['RK2007', (ctx: Loose) => (ctx.state.u = ctx.at(ctx.state.f)), 'ctx.at'],
  ['RK2008', (ctx: Loose) => (ctx.state.xs[4] = 1), 'index 4 is outside an array of 4'],
  ['RK2008', (ctx: Loose) => (ctx.state.u = ctx.state.xs[-1]), 'index -1'],
  ['RK2009', (ctx: Loose) => (ctx.state.i = (ctx.state.i / 3) >>> 0), '(a / b) | 0'],
  ['RK2009', (ctx: Loose) => (ctx.state.big = (ctx.state.big / 3n) | 0), 'u64 and i64 divide'],
  ['RK2010', (ctx: Loose) => (ctx.state.f = Infinity), 'not portable'],
  ['RK2010', (ctx: Loose, m: Loose) => (ctx.state.f = infinite[m.by]), 'holds Infinity'],
  ['RK2011', (ctx: Loose) => (ctx.state.u = ctx.state.u >> 1), 'use >>>'],
  ['RK2011', (ctx: Loose) => (ctx.state.i >>>= 1), 'use >>'],
  ['RK2011', (ctx: Loose) => (ctx.state.big = ctx.state.big >>> 1n), 'bigints'],
  ['RK2012', (ctx: Loose) => (ctx.state.f %= 2), 'Math.floor(x / y)'],
  ['RK2013', (ctx: Loose) => (ctx.state.u = forgets(1, 2)), 'takes 1 argument, found 2'],
  ['RK2013', (ctx: Loose) => (ctx.state.u = Math.max(1)), 'two arguments'],
  ['RK2013', (ctx: Loose) => ctx.fail(), 'takes 1 argument, found 0'],
  [
    'RK2014',
    (ctx: Loose) => {
      const x = 1;
      x = 2;
      ctx.state.u = x;
    },
    'declare it with let',
  ],
  ['RK2014', (ctx: Loose) => (ctx.self = 1), 'cannot change'],
  ['RK2014', (ctx: Loose) => (ctx.state.xs.length = 1), 'cannot change'],
  [
    'RK2014',
    (ctx: Loose) => {
      let g = ctx.state.at;
      g = ctx.state.at;
    },
    'use const',
  ],
  ['RK2015', (_ctx: Loose, m: Loose) => (m.by = 1), 'read-only'],
  ['RK2015', (_ctx: Loose, { by }: Loose) => by++, 'read-only'],
  ['RK2016', (ctx: Loose) => ctx.emit('Pair', { x: 1 }), "Pair lacks 'y'"],
  ['RK2016', (ctx: Loose, m: Loose) => ctx.emit('Pair', m), "Pair lacks 'x'"],
  ['RK2017', (ctx: Loose) => ctx.send(ctx.self, 'Goo', { by: 1 }), "did you mean 'Go'?"],
  ['RK2017', (ctx: Loose) => ctx.emit('Evnt', { x: 1 }), "did you mean 'Event'?"],
  ['RK2018', (ctx: Loose) => ctx.reply({ x: 1 }), 'expects no reply'],
  ['RK2019', (ctx: Loose) => (ctx.state.u = runsOut(1)), 'runsOut must return a value'],
  ['RK2020', (ctx: Loose) => (ctx.state.u = -1), '-1 does not fit u32'],
  ['RK2020', (ctx: Loose) => (ctx.state.small = 256), '256 does not fit u8'],
  ['RK2020', (ctx: Loose) => (ctx.state.big = -1n), '-1n does not fit u64'],
  ['RK2020', (ctx: Loose, m: Loose) => (ctx.state.u = tiny[m.by]), '-1 in tiny does not fit u32'],
  [
    'RK3001',
    (ctx: Loose) => {
      try {
        ctx.state.u = 1;
      } catch {}
    },
    'ctx.fail(code)',
  ],
  [
    'RK3001',
    () => {
      throw new Error('x');
    },
    "'throw'",
  ],
  [
    'RK3001',
    (ctx: Loose) => {
      for (const i in ctx.state.xs) ctx.state.u += i;
    },
    'for … in',
  ],
  [
    'RK3001',
    (ctx: Loose) => {
      out: for (;;) {
        ctx.state.u = 1;
        break out;
      }
    },
    'labels',
  ],
  ['RK2003', (ctx: Loose) => (ctx.state.u = ctx.state.u ** 2), 'multiply'],
  ['RK2010', (ctx: Loose) => (ctx.state.f = 10 ** 999), 'portable'],
  ['RK3002', (ctx: Loose) => (ctx.state.u = ctx.state?.u), "'?.'"],
  ['RK3002', (ctx: Loose) => (ctx.state.u = ctx.state.u ?? 1), "'??'"],
  ['RK3002', (ctx: Loose) => (ctx.state.u ||= 1), 'write it out with if'],
  ['RK3002', (ctx: Loose) => (ctx.state.u = +ctx.state.f), 'unary +'],
  ['RK3002', (ctx: Loose) => (ctx.state.b = 'u' in ctx.state), "'in'"],
  [
    'RK3002',
    function (this: Loose) {
      this.state.u = 1;
    },
    "'this'",
  ],
  [
    'RK3003',
    (ctx: Loose) => {
      const s = 'text';
      ctx.state.u = s;
    },
    'no strings',
  ],
  ['RK3003', (ctx: Loose) => (ctx.state.u = `a${1}`), 'no strings'],
  ['RK3003', (ctx: Loose) => (ctx.state.b = /a/), 'regular expressions'],
  ['RK3003', (ctx: Loose) => (ctx.state.u = null), 'null'],
  ['RK3004', (ctx: Loose) => (ctx.state.u = forgets(ctx)), 'is the context'],
  ['RK3004', (ctx: Loose) => (ctx.state.u = ctx.random), 'ctx.random(…)'],
  ['RK3004', (ctx: Loose) => (ctx.state.u = ctx.fail(1)), 'a statement of its own'],
  ['RK3005', (ctx: Loose) => (ctx.state.u = ctx.state.xs), "'xs' is an array"],
  ['RK3005', (ctx: Loose) => (ctx.state.u = ctx.state.at), "'at' is a struct"],
  ['RK3005', (ctx: Loose) => ctx.state.xs++, 'an array'],
  ['RK3005', (ctx: Loose) => (ctx.state.xs = 5), 'an array is wanted here'],
  ['RK3006', (ctx: Loose) => (ctx.state.u = ctx.state.count[0]), 'not an array'],
  ['RK3006', (ctx: Loose, m: Loose) => (ctx.state.u = ctx.state.at[m.by]), 'name the field'],
  ['RK3012', (ctx: Loose) => ctx.state.xs.push(1), "can't be called"],
  ['RK3007', (ctx: Loose) => (ctx.state.u = ctx.state.xs.first), 'elements and a length'],
  ['RK3007', (ctx: Loose) => (ctx.state.u = settings.missing), "can't be read"],
  [
    'RK3009',
    (ctx: Loose) => {
      const f = (x: number) => x;
      ctx.state.u = f(1);
    },
    'top level',
  ],
  [
    'RK3009',
    (ctx: Loose) => {
      function f() {}
      ctx.state.u = 1;
      f();
    },
    'top level',
  ],
  ['RK3009', (ctx: Loose) => (ctx.state.f = ctx.sum(3, forgets)), 'written in place'],
  ['RK3010', (ctx: Loose) => (ctx.state.u = undeclared), "'undeclared'"],
  ['RK3011', (ctx: Loose) => (ctx.state.u = text), 'a string'],
  ['RK3011', (ctx: Loose) => (ctx.state.u = nothing), 'null'],
  ['RK3011', (ctx: Loose, m: Loose) => (ctx.state.u = mixed[m.by]), 'holds a string'],
  ['RK3011', (ctx: Loose, m: Loose) => (ctx.state.u = holes[m.by][m.by]), 'rows of unequal length'],
  ['RK3012', (ctx: Loose) => (ctx.state.u = missing(1)), "'missing' can't be called"],
  ['RK3012', (ctx: Loose) => (ctx.state.u = Number(1)), 'i32(x)'],
  ['RK3012', (ctx: Loose) => (ctx.state.big = BigInt.asUintN(32, 1n)), '64 bits only'],
  [
    'RK3012',
    (ctx: Loose) => {
      console.log(1);
      ctx.state.u = 1;
    },
    'console.log',
  ],
  [
    'RK3013',
    (ctx: Loose) => {
      const xs = [1, 2];
      ctx.state.u = xs[0];
    },
    'allocate',
  ],
  [
    'RK3013',
    (ctx: Loose) => {
      const o = { a: 1 };
      ctx.state.u = o.a;
    },
    'allocate',
  ],
  [
    'RK3013',
    (ctx: Loose) => {
      const o = new Map();
      ctx.state.u = 1;
    },
    'allocate',
  ],
  ['RK3014', (ctx: Loose) => (ctx.state.f = Math.random()), 'ctx.random()'],
  ['RK3014', (ctx: Loose) => (ctx.state.f = Math.hypot(1, 2)), 'Math.sqrt'],
  ['RK3015', (ctx: Loose) => ctx.sned(ctx.self, 'Go', { by: 1 }), "did you mean 'send'?"],
  ['RK3015', (ctx: Loose) => (ctx.state.u = ctx.idx), "ctx has no 'idx'"],
  ['RK3016', (ctx: Loose) => (ctx.state.u = loops(3)), 'loops → loops'],
  ['RK3017', (ctx: Loose) => (later = ctx.state.u), 'lives outside'],
  ['RK3018', (ctx: Loose) => ctx.emit('Event', 3), 'object literal'],
  ['RK3018', (ctx: Loose) => ctx.emit('Event', { ['x']: 3 }), 'plain fields'],
  ['RK3018', (ctx: Loose) => ctx.emit('Copy', { xs: ctx.state.xs, u: ctx.state.u++ }), 'changes'],
  ['RK3019', (ctx: Loose, m: Loose) => ctx.send(ctx.self, m.by, { by: 1 }), 'must be known now'],
  [
    'RK3020',
    (ctx: Loose) => ctx.parallelFor(4, (i: number) => ctx.emit('Event', { x: i })),
    'emit',
  ],
  [
    'RK3020',
    (ctx: Loose) =>
      ctx.parallelFor(4, () => {
        ctx.state.f = ctx.random();
      }),
    'draws',
  ],
  [
    'RK3020',
    (ctx: Loose) => {
      let n = 0;
      ctx.parallelFor(4, () => {
        n++;
      });
      ctx.state.u = n;
    },
    'shared',
  ],
  [
    'RK3020',
    (ctx: Loose) =>
      ctx.parallelFor(4, () => {
        return;
      }),
    'return inside',
  ],
  [
    'RK3020',
    (ctx: Loose) =>
      ctx.parallelFor(4, () => {
        ctx.state.u = ctx.sum(2, () => 1);
      }),
    'nest',
  ],
  [
    'RK3020',
    (ctx: Loose) => (ctx.state.u = ctx.sum(4, (i: number) => (ctx.state.xs[i] = 1))),
    'term',
  ],
  [
    'RK3021',
    (ctx: Loose) => {
      const [a] = ctx.state.xs;
      ctx.state.u = a;
    },
    'array patterns',
  ],
  ['RK3021', (ctx: Loose, { by = 3 }: Loose) => (ctx.state.u = by), 'defaults'],
  ['RK3021', (ctx: Loose, ...rest: Loose) => (ctx.state.u = rest), 'a name or an object pattern'],
  [
    'RK3022',
    (ctx: Loose) => {
      const { u } = ctx.state;
      ctx.state.i = u;
    },
    'ctx.state.u',
  ],
  [
    'RK3024',
    (ctx: Loose) => {
      for (;;) ctx.state.u++;
    },
    'a bound',
  ],
  [
    'RK3024',
    (ctx: Loose) => {
      while (true) {
        ctx.state.u++;
      }
    },
    'a bound',
  ],
  [
    'RK3025',
    (ctx: Loose, m: Loose) => {
      switch (m.by) {
        case 1:
          ctx.state.u = 1;
        case 2:
          ctx.state.u = 2;
      }
    },
    'break',
  ],
  [
    'RK3026',
    (ctx: Loose) => ctx.send(ctx.self, 'Go', { by: 1 }, { priority: 'urgent' }),
    "'critical'",
  ],
  [
    'RK3026',
    (ctx: Loose) => ctx.send(ctx.self, 'Go', { by: 1 }, { speed: 1 }),
    "no option 'speed'",
  ],
  [
    'RK3027',
    (ctx: Loose) =>
      ctx.parallelFor(4, () => {
        ctx.state.u = 1;
      }),
    'all write',
  ],
  [
    'RK3027',
    (ctx: Loose) =>
      ctx.parallelFor(3, (i: number) => {
        ctx.state.xs[i] = ctx.state.xs[i + 1];
      }),
    'is read while',
  ],
  [
    'RK3006',
    (ctx: Loose, m: Loose) => {
      for (const x of m.by) ctx.state.u += x;
    },
    "'m.by' is not an array",
  ],
  [
    'RK3001',
    (ctx: Loose) => {
      let x = 0;
      for (x of ctx.state.xs) ctx.state.u += x;
    },
    'declares its variable',
  ],
  // Several at once, each once, in the order of the source.
  [
    'RK2004 RK2006 RK3003 RK2015',
    (ctx: Loose, m: Loose) => {
      ctx.state.u = ctx.state.u / 2;
      ctx.state.nope = 1;
      const s = 'text';
      ctx.state.u = s + 1;
      m.by = 2;
    },
    '',
  ],
];

declare const undeclared: number;
declare const missing: Loose;

const define = (handler: Loose): Loose =>
  actor('Wrong', {
    state: {
      u: u32,
      i: i32,
      f: f32,
      d: f64,
      big: u64,
      b: bool,
      small: u8,
      count: u32,
      xs: array(u32, 4),
      ys: array(f32, 4),
      at: struct({ x: f32 }),
    },
    messages: { Go: { by: u32 }, Other: ask({}, {}) },
    emits: { Event: { x: u32 }, Pair: { x: u32, y: u32 }, Copy: { xs: array(u32, 4), u: u32 } },
    on: { Go: handler, Other() {} },
  } as Loose);

describe('every code', () => {
  const numbered = cases.map(([codes, handler, part], i) => ({ codes, handler, part, i }));
  test.each(numbered)('$codes ($i): $part', ({ codes, handler, part }) => {
    const found = checkActor(define(handler));
    expect(found.map(({ code }) => code)).toEqual(codes.split(' '));
    const [first] = found;
    expect(`${first?.message} ${first?.hint}`).toContain(part);
    expect(first?.position.file).toMatch(/front-diagnostics\.test\.ts$/);
    expect(first?.frame).toMatch(/^>/m);
  });
});

const early = checkActor(define((ctx: Loose) => (ctx.state.u = afterwards)));
const afterwards = 3;

test('a name declared after the actor was compiled has no value yet', () => {
  expect(early).toMatchObject([
    { code: 'RK3010', message: expect.stringContaining("'afterwards'") },
  ]);
});

test('the cases above give every code there is', () => {
  const given = new Set(cases.flatMap(([codes]) => codes.split(' ')));
  expect([...given].sort()).toEqual(Object.keys(diagnosticTitles));
});

test('docs/diagnostics.md explains every code', () => {
  const page = readFileSync(new URL('../../../docs/diagnostics.md', import.meta.url), 'utf8');
  const sections = [...page.matchAll(/^### (RK\d+): (.+)$/gm)].map(([, code, title]) => [
    code,
    title,
  ]);
  expect(sections).toEqual(
    Object.entries({ ...diagnosticTitles, ...targetTitles, ...faultTitles }),
  );
});

test('positions are those of the file, to the column', () => {
  const source = readFileSync(new URL(import.meta.url), 'utf8').split('\n');
  const definition = define((ctx: Loose, m: Loose) => {
    ctx.state.u = m.by + 1;
    ctx.state.u = /* here */ m.by / 2;
  });
  const [found] = checkActor(definition);
  const line = source.findIndex((text) => text.includes('/* here */ m.by / 2;'));
  expect(found?.position).toMatchObject({
    line: line + 1,
    column: (source[line] ?? '').indexOf('m.by / 2') + 1,
  });
  expect(found?.where).toBe('Wrong.Go');
  expect(found?.frame.split('\n')[2]).toBe(
    `       | ${' '.repeat((found?.position.column ?? 0) - 1)}^`,
  );
});

test('a compile error carries all diagnostics, and prints them', () => {
  const definition = define((ctx: Loose) => {
    ctx.state.u = 1.5;
    ctx.state.nope = 2;
  });
  let thrown: unknown;
  try {
    compile(definition);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(CompileError);
  expect(thrown).toBeInstanceOf(RingKernelError);
  const error = thrown as CompileError;
  expect(error).toMatchObject({ code: 'RK_COMPILE', actor: 'Wrong', name: 'CompileError' });
  expect(error.diagnostics).toEqual(checkActor(definition));
  expect(error.message).toMatch(
    /^Wrong does not compile: 2 errors\n\nRK2001 .*:\d+:\d+ \(in Wrong\.Go\)/,
  );
  expect(error.message).toContain('\n  hint: fields: u, i, f');
});
