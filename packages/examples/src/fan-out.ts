import { setTimeout } from 'node:timers/promises';
import { actor, ask, createRuntime, type Publication, u32, u64 } from '@ringkernel/runtime';
import { readCsv } from './data/files.ts';

/** What the shares of one company did: highest, lowest and last price in cents. */
const Ticker = actor('Ticker', {
  state: { months: u32, high: u32, low: u32, sum: u64 },
  messages: {
    Price: { cents: u32 },
    Report: ask({}, { months: u32, high: u32, low: u32, sum: u64 }),
  },
  emits: { High: { cents: u32 } },
  on: {
    Price(ctx, m) {
      const s = ctx.state;
      s.months += 1;
      s.sum += u64(m.cents);
      if (s.months === 1 || m.cents < s.low) s.low = m.cents;
      if (m.cents > s.high) {
        s.high = m.cents;
        ctx.emit('High', { cents: m.cents });
      }
    },
    Report(ctx) {
      const s = ctx.state;
      ctx.reply({ months: s.months, high: s.high, low: s.low, sum: s.sum });
    },
  },
});

/**
 * A topic fan-out: every price is published once, under `prices/SYMBOL`. A kernel for each company hears its own, one
 * more hears all of them, and the highs that the kernels emit are published in turn.
 */
const rows = readCsv('stocks.csv');
const symbols = [...new Set(rows.map((row) => row.symbol))];
await using runtime = await createRuntime();
const { topics } = runtime;
const market = await runtime.launch(Ticker, { id: 'market' });
const subscriptions = [topics.subscribeKernel('prices/#', market, 'Price', { qos: 1 })];
for (const symbol of symbols) {
  const ticker = await runtime.launch(Ticker, { id: `tickers/${symbol}`, tags: ['ticker'] });
  const options = { qos: 1, capacity: 16 } as const; // a publisher who is faster waits
  subscriptions.push(topics.subscribeKernel(`prices/${symbol}`, ticker, 'Price', options));
  topics.publishEvents(ticker, 'High', `highs/${symbol}`, { qos: 1, retain: true });
}

let published = 0;
for (const row of rows) {
  const payload = { cents: Math.round(100 * Number(row.price)) };
  published += await topics.publish(`prices/${row.symbol}`, payload, { qos: 1 });
}
const expected = new Map(symbols.map((symbol) => [symbol, 0]));
for (const { symbol, price } of rows) {
  expected.set(symbol, Math.max(expected.get(symbol) ?? 0, Math.round(100 * Number(price))));
}
/** The last high of each company has been published: subscribers get it, however late they come. */
const highs = topics.subscribe('highs/*', { qos: 1 });
const open = new Set(symbols);
for await (const { topic, payload } of highs as AsyncIterable<Publication>) {
  const symbol = topic.slice('highs/'.length);
  const { cents } = payload as { cents: number };
  if (cents === expected.get(symbol)) open.delete(symbol);
  if (open.size === 0) break;
}
while (subscriptions.some(({ pending }) => pending > 0)) await setTimeout(1);
for (const { name } of runtime.registry.find({ tags: ['ticker'] })) {
  const { months, high, low } = await runtime.registry.lookup(name, Ticker).call('Report', {});
  console.log(`${name}: ${months} months, ${low / 100} to ${high / 100}`);
}
const { months, sum } = await market.call('Report', {});
console.log(`market: ${months} prices, ${(Number(sum) / 100 / months).toFixed(2)} on average`);
const dropped = subscriptions.reduce((count, subscription) => count + subscription.dropped, 0);
console.log(`${rows.length} publications, ${published} deliveries, ${dropped} dropped`);
