import { standaloneFunction } from '@ringkernel/compiler';
import { expect, test } from 'vitest';

function freeIn(text: string): readonly string[] {
  const result = standaloneFunction(text);
  if (typeof result === 'string') throw new Error(result);
  return result.free;
}

/** Evaluates the text of a function where nothing is but globals. */
function revive(fn: ((...args: never[]) => unknown) | string): (...args: unknown[]) => unknown {
  const result = standaloneFunction(fn);
  if (typeof result === 'string') throw new Error(result);
  return new Function(`return ${result.text}`)();
}

test.each([
  ['() => x', ['x']],
  ['(x) => x', []],
  ['(x = y) => x', ['y']],
  ['({ a, b: [c, ...d], ...e }, [f = g]) => a + c + d + e + f + b', ['g', 'b']],
  ['(a = v) => { var v = a; return v; }', ['v']],
  ['() => { if (1) { var v = 2; } return v; }', []],
  ['() => { { let v = 2; } return v; }', ['v']],
  ['() => { f(); function f() { return g(); } }', ['g']],
  ['function self() { return self; }', []],
  ['() => { for (const i of list) use(i); return i; }', ['list', 'use', 'i']],
  ['() => { for (let i = 0; i < n; i++) { } for (const k in o) k; }', ['n', 'o']],
  ['() => { try { } catch (e) { e; } try { } catch { } e; }', ['e']],
  ['() => { try { } catch ({ message }) { message; } }', []],
  ['() => { label: for (;;) { continue label; break label; } }', []],
  ['() => a.b.c[d]', ['a', 'd']],
  ['() => ({ a: b, [c]: 1, d, e() { return f; } })', ['b', 'c', 'd', 'f']],
  ['() => { switch (s) { case 1: let t = u; default: t; } }', ['s', 'u']],
  [
    '() => { class A extends B { static x = y; #p = 1; m() { return this.#p + A + z; } } }',
    ['B', 'y', 'z'],
  ],
  ['() => { class A { static { var inner = q; } } return inner; }', ['q', 'inner']],
  ['() => tag`x`', ['tag']],
  ['() => typeof maybe', ['maybe']],
  ['async () => { for await (const m of s()) await m; return import(p); }', ['s', 'p']],
  ['() => { [a, o.b, ...c] = d; ({ x: e = f } = g); }', ['a', 'o', 'c', 'd', 'e', 'f', 'g']],
  ['function () { return arguments.length; }', []],
  ['() => arguments.length', ['arguments']],
  ['() => this.x', ['this']],
  ['function () { return () => this; }', ['this']],
  ['() => function () { return this; }', []],
  ['() => ({ m() { return this; } })', []],
  ['(a) => a?.b?.(c)', ['c']],
  ['() => new.target', null],
] as const)('%s uses %j from around it', (text, free) => {
  if (free === null) expect(standaloneFunction(text)).toBeTypeOf('string');
  else expect(freeIn(text)).toEqual(free);
});

test('a method becomes an expression, sync, async and generator', async () => {
  const object = {
    plain(a: number) {
      return a + 1;
    },
    async later(a: number) {
      return await Promise.resolve(a + 2);
    },
    *several(a: number) {
      yield a + 3;
    },
    async *stream(a: number) {
      yield a + 4;
    },
    'quoted name': (a: number) => a + 5,
  };
  expect(revive(object.plain)(1)).toBe(2);
  expect(await revive(object.later)(1)).toBe(3);
  expect([...(revive(object.several)(1) as Iterable<number>)]).toEqual([4]);
  const streamed = revive(object.stream)(1) as AsyncIterable<number>;
  for await (const value of streamed) expect(value).toBe(5);
  expect(revive(object['quoted name'])(1)).toBe(6);
});

test('a function expression keeps its name, for recursion', () => {
  const fact = revive(function f(n: number): number {
    return n < 2 ? 1 : n * f(n - 1);
  });
  expect(fact(5)).toBe(120);
});

test('coverage counters are taken out', () => {
  const text = `async (ctx) => { cov_1ab().f[0]++; cov_1ab().s[0]++; const a = (cov_1ab().b[0][0]++, 4);
    return a; }`;
  expect(freeIn(text)).toEqual([]);
  const revived = revive(text);
  return expect(revived()).resolves.toBe(4);
});

test('what has no source is refused with the reason', () => {
  expect(standaloneFunction(Math.max)).toMatch(/native or bound/);
  expect(standaloneFunction((() => 1).bind(null))).toMatch(/native or bound/);
  expect(standaloneFunction('() => import.meta.url')).toMatch(/import\.meta/);
  expect(standaloneFunction('not a function')).toBeTypeOf('string');
});
