import { expect, test } from 'vitest';
import { beside } from '../dist/bench.js';
import { interleaved, median, quantile } from '../dist/measure.js';

test('median and quantiles are values of the sample', () => {
  expect(median([5, 1, 9])).toBe(5);
  expect(quantile([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 0.9)).toBe(10);
  expect(quantile([3], 0.99)).toBe(3);
});

test('variants take turns and the first round is not counted', async () => {
  const order: string[] = [];
  let calls = 0;
  const a = () => {
    order.push('a');
    return calls++;
  };
  const b = () => {
    order.push('b');
    return 7;
  };
  const medians = await interleaved({ a, b }, 3);
  expect(order.join('')).toBe('abababab');
  expect(medians).toEqual({ a: 2, b: 7 });
});

test('a row says whether it met its target', () => {
  const row = beside({ ours: 10, theirs: 20 }, 'ours', 'theirs', 'ns', 0.6);
  expect(row).toMatchObject({ ratio: 0.5, met: true, target: '<= 0.6 x theirs' });
});
