// biome-ignore-all lint: these handlers are written the way people and minifiers write, on purpose
import { actor, array, i32, struct, u32 } from '@ringkernel/core';
import { expect, test } from 'vitest';
import { runActor } from './run-actor.ts';

/**
 * Handlers whose numbers stay small mean the same as plain JavaScript over a plain object: JavaScript itself says
 * what is expected, above all in which order things happen.
 */
const state = {
  a: i32,
  b: i32,
  c: i32,
  n: i32,
  xs: array(i32, 8),
  grid: array(struct({ x: i32, row: array(i32, 4) }), 3),
  at: struct({ x: i32, y: i32, deep: struct({ z: i32 }) }),
};

type Handler = (ctx: any, m: { k: number; j: number }) => void;

function plainState() {
  return {
    a: 3,
    b: 5,
    c: 7,
    n: 2,
    xs: [10, 11, 12, 13, 14, 15, 16, 17],
    grid: [0, 1, 2].map((i) => ({ x: i, row: [i, i + 1, i + 2, i + 3] })),
    at: { x: 1, y: 2, deep: { z: 3 } },
  };
}

const handlers: Record<string, Handler> = {
  'assignments have values'({ state: s }, m) {
    s.a = s.b = s.c = m.k;
    s.n = (s.a += 2) * (s.b -= 1);
  },
  'operands are read before what changes them later'({ state: s }) {
    let i = 1;
    s.a = i + i++ + i + ++i + i;
    s.b = s.n + (s.n = 40) + s.n;
    s.c = s.xs[0] - (s.xs[0] = 3) - s.xs[0];
  },
  'an index is computed before the value'({ state: s }) {
    let i = 0;
    s.xs[i++] = i;
    s.xs[i++] = i++ + i;
    s.xs[i] += s.xs[i++] + i;
    s.a = i;
  },
  'compound assignment reads first'({ state: s }) {
    s.a += s.a = 10;
    s.b -= s.b++ + ++s.b;
    s.xs[s.n] += s.xs[2]++ + (s.n = 5);
  },
  'a target keeps its place'({ state: s }) {
    let i = 2;
    s.xs[i] = i = 4;
    s.xs[i] = (i += 1) + (i += 1);
    s.xs[s.n] = s.n = 6;
    s.a = i;
  },
  'logic evaluates only what it must'({ state: s }, m) {
    let i = 0;
    if (m.k > 100 && i++ > 0) s.a = 1;
    if (m.k < 100 || i++ > 0) s.b = 1;
    if (m.k < 100 && (i += 5) > 4 && i++ < 100) s.c = i;
    s.n = i;
  },
  'choices evaluate one side'({ state: s }, m) {
    s.a = m.k > 3 ? (s.b += 1) : (s.c += 1);
    s.n = m.j > 3 ? s.xs[m.j] : m.j > 1 ? s.xs[1]++ : --s.xs[2];
  },
  'commas and expression statements'({ state: s }, m) {
    s.a = (s.b++, s.c--, s.b + s.c);
    m.k > 2 && (s.n = 9);
    m.k > 2 || (s.n = 10);
    m.j > 1 ? s.xs[0]++ : s.xs[1]++;
  },
  'for with every part'({ state: s }, m) {
    for (let i = 0, j = 10; i < j; i++, j -= 2) s.a += i * j;
    let k = 0;
    for (; k < m.k; ) {
      k++;
      if (k === 3) continue;
      if (k > 5) break;
      s.b += k;
    }
    for (;;) if (s.c-- < 4) break;
  },
  'while does what its condition does'({ state: s }, m) {
    let i = 0;
    while (i++ < m.k) {
      if (i === 2) continue;
      s.a += i;
    }
    s.b = i;
    while (s.c-- > 0 && s.n++ < 4) s.xs[s.n] = s.c;
  },
  'do while runs once, and continue goes to the condition'({ state: s }, m) {
    let i = 0;
    do {
      i++;
      if (i === 2) continue;
      s.a += i;
    } while (i < m.k);
    do s.b++;
    while (false);
    let j = 3;
    do {
      if (j === 1) break;
      s.c += j;
    } while (j-- > 0);
  },
  'switch takes one case'({ state: s }, m) {
    for (let i = 0; i < 7; i++) {
      switch ((i + m.k) % 7) {
        case 0:
          s.a += 1;
          break;
        case 1:
        case 2: {
          if (i > 3) break;
          s.a += 10;
          break;
        }
        case 3:
          continue;
        default:
          s.b += i;
          break;
        case 5:
          s.c += i;
          if (s.c > 20) continue;
          s.c *= 2;
      }
      s.n += 1;
    }
  },
  'switches inside switches and loops'({ state: s }, m) {
    for (let i = 0; i < 6; i++) {
      switch (i % 3) {
        case 0:
          switch (m.j) {
            case 2:
              if (i > 2) continue;
              s.a += 1;
              break;
            default:
              s.a += 2;
          }
          if (i === 0) break;
          s.b += 1;
          break;
        case 1:
          for (let j = 0; j < 3; j++) {
            if (j === 1) break;
            s.c += 1;
          }
          break;
        default:
          s.n += i;
      }
      s.xs[i] = i;
    }
  },
  'names of blocks shadow each other'({ state: s }, m) {
    const x = m.k;
    {
      const x = m.j;
      s.a = x;
      for (let x = 0; x < 2; x++) s.b += x;
    }
    s.c = x;
  },
  'var belongs to the function'({ state: s }, m) {
    if (m.k > 0) {
      var v: any = m.k;
    }
    for (var i = 0; i < 3; i++) s.a += i;
    var i = i + 1;
    s.b = v + i;
  },
  'early returns'({ state: s }, m) {
    for (let i = 0; i < 5; i++) {
      s.a = i;
      if (i === m.j) return;
    }
    s.b = 1;
  },
  'nested places'({ state: s }, m) {
    let i = 0;
    s.grid[i++].row[i++] += s.grid[i].x++;
    const g = s.grid[m.j % 3];
    i = 2;
    g.row[i] = g.x + 100;
    g.row[3]--;
    s.at.deep.z += s.at.x - s.at.y;
    const { deep } = s.at;
    deep.z *= 3;
    const row = s.grid[2].row;
    for (let k = 0; k < row.length; k++) s.a += row[k] * k;
  },
  'a name for an element keeps its index'({ state: s }) {
    let i = 1;
    const g = s.grid[i];
    i = 2;
    g.x = 50 + i;
    s.a = s.grid[1].x;
  },
  operators({ state: s }, m) {
    s.a = (m.k << 3) ^ (m.j | 8);
    s.b = (-m.k % 4) | 0;
    s.c = ((m.k * 100) / m.j) | 0;
    s.n = ~m.k & 0xff;
    s.xs[0] = (-100 / 7) | 0;
    s.xs[1] = -100 >> 2;
    s.xs[2] = Math.max(m.k, m.j, 4) - Math.min(m.k, m.j, 4) + Math.abs(-m.k);
    s.xs[3] = Math.imul(m.k, -3) + Math.clz32(m.j);
    s.xs[4] = m.k === 6 ? 1 : 0;
    s.xs[5] = m.k !== 6 && !(m.j >= 2) ? 1 : 2;
    s.xs[6] = Math.trunc(-7 / m.j);
    s.xs[7] = ~~m.k;
  },
  'arrow with an expression': ({ state: s }, m) => (s.a = m.k + m.j),
};

const cases = Object.entries(handlers).flatMap(([name, handler]) =>
  [
    { k: 6, j: 2 },
    { k: 1, j: 5 },
    { k: 4, j: 1 },
  ].map((m) => ({ name, handler, m })),
);

test.each(cases)('$name, given $m', ({ name, handler, m }) => {
  const expected = plainState();
  handler({ state: expected }, m);
  const Plain = actor('Plain', {
    state,
    messages: { Go: { k: i32, j: i32 } },
    on: { Go: handler },
  });
  const outcome = runActor(Plain, [{ type: 'Go', fields: m }], { state: plainState() });
  expect({ name, state: outcome.state, faults: outcome.faults }).toEqual({
    name,
    state: expected,
    faults: [],
  });
});

test('unsigned numbers are what >>> 0 makes of them', () => {
  const Unsigned = actor('Unsigned', {
    state: { a: u32, b: u32, c: u32, d: u32 },
    messages: { Go: { k: u32 } },
    on: {
      Go(ctx, m) {
        const s = ctx.state;
        s.a = m.k - 10;
        s.b = m.k * 0x9e3779b1;
        s.c = (m.k / 3) >>> 0;
        s.d = Math.floor(m.k / 7) + (m.k % 5) + (m.k >>> 1) + (-1 >>> 28);
      },
    },
  });
  const { state } = runActor(Unsigned, [{ type: 'Go', fields: { k: 7 } }]);
  expect(state).toEqual({
    a: (7 - 10) >>> 0,
    b: Math.imul(7, 0x9e3779b1) >>> 0,
    c: 2,
    d: 1 + 2 + 3 + 15,
  });
});
