import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compile } from '@ringkernel/compiler';
import { expect, test } from 'vitest';
import { Audit, Book } from './actors/book.ts';
import { bundles } from './builds/build.ts';
import { runActor } from './run-actor.ts';

const page = readFileSync(new URL('../../../docs/language.md', import.meta.url), 'utf8');
const folder = new URL('./actors/', import.meta.url);
const actors = readdirSync(folder).map((name) => readFileSync(new URL(name, folder), 'utf8'));
/** Parts of programs; whole ones are run by the examples. */
const snippets = [...page.matchAll(/^```ts\n([\s\S]*?)^```$/gm)]
  .map(([, code]) => code ?? '')
  .filter((code) => !code.includes("from '@ringkernel/runtime'"));

test('docs/language.md shows only code that is tested', () => {
  expect(snippets).toHaveLength(3);
  for (const snippet of snippets) {
    expect(actors.some((text) => text.includes(snippet))).toBe(true);
  }
});

test('docs/debugging.md: the program that reads generated text prints what it says', () => {
  const debugging = readFileSync(new URL('../../../docs/debugging.md', import.meta.url), 'utf8');
  const code = /^```ts\n(import [^\n]*@ringkernel\/compiler';\n[\s\S]*?)^```$/m.exec(
    debugging,
  )?.[1];
  const promised = [...(code ?? '').matchAll(/console\.log\(.*\); \/\/ (.*)/g)].map(
    ([, text]) => text,
  );
  expect(promised).toHaveLength(2);
  mkdirSync(bundles, { recursive: true });
  const file = join(bundles, 'debugging.mjs');
  writeFileSync(file, code ?? '');
  const printed = execFileSync(process.execPath, [file], { encoding: 'utf8' });
  expect(printed.trim().split('\n')).toEqual(promised);
});

test('the book keeps its history, charges fees and tells the audit', () => {
  const tick = { price: 100, quantity: 3, side: 1 };
  const { state, outputs, faults } = runActor(
    Book,
    [
      { type: 'Connect', fields: { audit: 320 } },
      { type: 'Trade', fields: { tick, level: 2 } },
      { type: 'Trade', fields: { tick: { ...tick, side: 0 }, level: 9 } },
      { type: 'Last' },
      { type: 'Trade', fields: { tick: { ...tick, side: 7 }, level: 0 } },
    ],
    { others: [compile(Audit)] },
  );
  const r = Math.fround;
  const taker = r(100 * r(0.0004));
  const maker = r(Math.max(r(100 * r(0.0001)), r(0.01)));
  const fees = r(taker + maker);
  expect(outputs).toEqual([
    { kind: 'send', type: 'Traded', to: 320, priority: 2, fields: { price: 100, level: 5 } },
    { kind: 'reply', type: 'Last', fields: { tick: { ...tick, side: 0 }, fees } },
  ]);
  expect(state).toMatchObject({ count: 3, last: { side: 7 } });
  expect((state.history as unknown[])[1]).toEqual({ ...tick, side: 0 });
  expect(faults).toEqual([{ site: 'RK5003', value: 1 }]);
});
