import { openChromium } from '@ringkernel/chromium';
import { afterAll, expect, test } from 'vitest';

const chromium = await openChromium();
const here = typeof chromium !== 'string';
if (!here) console.warn(`no Chromium starts: ${chromium}`);

afterAll(async () => {
  if (here) await chromium[Symbol.asyncDispose]();
});

test.skipIf(!here)('a page is evaluated, with what it logs and throws', async () => {
  if (!here) return;
  const page = await chromium.open('data:text/html,<script>console.log("a", 1)</script>');
  expect(await page.evaluate<number>('Promise.resolve(6 * 7)')).toBe(42);
  expect(page.console).toEqual(['a 1']);
  await expect(page.evaluate('missing + 1')).rejects.toThrow('missing is not defined');
});

test.skipIf(!here)('text is drawn: there are fonts', async () => {
  if (!here) return;
  const blank = await chromium.open('data:text/html,<p></p>');
  const text = await chromium.open('data:text/html,<p>RingKernel</p>');
  expect((await text.screenshot()).length).toBeGreaterThan((await blank.screenshot()).length);
});

test.skipIf(!here)('a page that can not be opened says why', async () => {
  if (!here) return;
  await expect(chromium.open('http://127.0.0.1:1/')).rejects.toThrow('ERR_');
});

test('a program that is no browser is refused with what it said', async () => {
  const { Chromium } = await import('@ringkernel/chromium');
  const start = Chromium.start('/bin/sh', {}, []);
  await expect(start).rejects.toThrow('/bin/sh ended');
});
