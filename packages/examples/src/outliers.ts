import { actor, createRuntime, f32, u32 } from '@ringkernel/runtime';
import { readCsv } from './data/files.ts';

/** Returns further from the mean than this many standard deviations are told, once a year of them is known. */
const sigmas = 2.5;
const monthsBefore = 12;

/** The monthly returns of one share, in percent: running mean and variance (Welford 1962). */
const Share = actor('Share', {
  state: { months: u32, price: f32, count: u32, mean: f32, squares: f32 },
  messages: { Month: { price: f32 } },
  emits: { Outlier: { month: u32, percent: f32, mean: f32, deviation: f32 } },
  on: {
    Month(ctx, m) {
      const s = ctx.state;
      const before = s.price;
      s.price = m.price;
      s.months += 1;
      if (s.months === 1) return;
      const x = 100 * (m.price / before - 1);
      const deviation = s.count > 1 ? Math.sqrt(s.squares / f32(s.count - 1)) : 0;
      if (s.count >= monthsBefore && Math.abs(x - s.mean) > sigmas * deviation) {
        ctx.emit('Outlier', { month: s.months - 1, percent: x, mean: s.mean, deviation });
      }
      s.count += 1;
      const off = x - s.mean;
      s.mean += off / f32(s.count);
      s.squares += off * (x - s.mean);
    },
  },
});

const rows = readCsv('stocks.csv');
const symbols = [...new Set(rows.map((row) => row.symbol))];
const series = symbols.map((symbol) => rows.filter((row) => row.symbol === symbol));

await using runtime = await createRuntime();
const shares = await runtime.launch(Share, { instances: symbols.length });
const listening = (async () => {
  const lines: string[] = [];
  for await (const m of shares.receive('Outlier')) {
    const change = `${m.percent > 0 ? '+' : ''}${m.percent.toFixed(1)} %`;
    const usual = `usually ${m.mean.toFixed(1)} ± ${m.deviation.toFixed(1)} %`;
    lines.push(`${symbols[m.from]} ${series[m.from][m.month].date}: ${change}, ${usual}`);
  }
  return lines;
})();
await Promise.all(
  series.map((months, i) => {
    const prices = months.map((row) => ({ price: Number(row.price) }));
    return shares.at(i).sendBatch('Month', prices); // waits for room in the mailbox where there is none
  }),
);
await shares.terminate(); // handles what waits, and ends the loop above
for (const line of (await listening).sort()) console.log(line);
