import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  generatedPositionFor,
  LEAST_UPPER_BOUND,
  originalPositionFor,
  TraceMap,
} from '@jridgewell/trace-mapping';
import { compile, emitJavaScript, optimize } from '@ringkernel/compiler';
import { actor, array, u32 } from '@ringkernel/core';
import { expect, test } from 'vitest';
import { scale } from './shared-scale.ts';

const Meter = actor('Meter', {
  state: { total: u32, seen: array(u32, 4) },
  messages: { Add: { by: u32, at: u32 }, Clear: {} },
  emits: { High: { total: u32 } },
  on: {
    Add(ctx, m) {
      const s = ctx.state;
      const step = scale(m.by); // a helper of another file
      s.total += step;
      for (let i = 0; i < 4; i++) {
        s.seen[i] = (s.seen[i] as number) + step;
      }
      s.seen[m.at] = 0; // may be out of range
      if (s.total > 100) ctx.emit('High', { total: s.total });
    },
    Clear: (ctx) => {
      ctx.state.total = 0;
    },
  },
});

const here = import.meta.url;
const ownText = readFileSync(fileURLToPath(here), 'utf8').split('\n');
const helperUrl = new URL('./shared-scale.ts', here).href;

/** 1-based line of this file on which a piece of text first stands. */
const lineOf = (piece: string): number => ownText.findIndex((line) => line.includes(piece)) + 1;

const image = compile(Meter);
const module = optimize(image.program.module);
const text = emitJavaScript(module, { mapTo: image });
const lines = text.split('\n');

function mapIn(source: string): TraceMap {
  const data = source.split('sourceMappingURL=data:application/json;base64,')[1] ?? '';
  return new TraceMap(Buffer.from(data, 'base64').toString('utf8'));
}

/** The generated lines that come from a line of a file. */
function generatedAt(source: string, line: number): string {
  const found = generatedPositionFor(mapIn(text), {
    source,
    line,
    column: 0,
    bias: LEAST_UPPER_BOUND,
  });
  return lines[(found.line ?? 0) - 1] ?? '';
}

test('the text is the same but for the map', () => {
  const bare = emitJavaScript(module);
  expect(text.startsWith(bare)).toBe(true);
  expect(text.slice(bare.length)).toMatch(/^\/\/# sourceMappingURL=data:\S+\n$/);
  expect(text).not.toContain('/*@');
});

test('statements are found where they were written', () => {
  expect(mapIn(text).sources).toEqual(expect.arrayContaining([here, helperUrl]));
  const pieces = {
    'const step = scale': /let step_\d+ = f0_scale\(/,
    's.total += step': /\/\* total \*\/\] =/,
    'for (let i = 0; i < 4': /for \(; i_\d+ < 4/,
    's.seen[m.at] = 0': /if \(!\(.* < 4\)\) env\.fault|i\d+ = /,
    "ctx.emit('High'": /^ +(if|\{)/,
    'ctx.state.total = 0': /\/\* total \*\/\] = 0;/,
  };
  for (const [piece, generated] of Object.entries(pieces)) {
    expect(generatedAt(here, lineOf(piece)), piece).toMatch(generated);
  }
});

test('columns are those of the statements, in helpers of other files too', () => {
  const at = lines.findIndex((line) => line.includes('Math.imul(by_'));
  const column = (lines[at] ?? '').indexOf('return');
  const found = originalPositionFor(mapIn(text), { line: at + 1, column });
  expect(found).toMatchObject({ source: helperUrl, line: 3, column: 2 });
});

test('a function is where its text begins, and what surrounds it is nowhere', () => {
  const head = lines.findIndex((line) => line.startsWith('function h0_Add'));
  const start = originalPositionFor(mapIn(text), { line: head + 1, column: 0 });
  expect(start).toMatchObject({ source: here, line: lineOf('Add(ctx, m) {'), column: 4 });
  const run = lines.findIndex((line) => line.startsWith('return {'));
  expect(originalPositionFor(mapIn(text), { line: run + 1, column: 0 }).source).toBe(null);
});

test('an image that knows no files has no map', () => {
  const copy = { ...image };
  expect(emitJavaScript(module, { mapTo: copy })).toBe(emitJavaScript(module));
});
