import { actor, array, ask, createRuntime, hostActor, ref, u8, u32 } from '@ringkernel/runtime';
import { readCsv } from './data/files.ts';

/**
 * A pipeline whose stages have bugs: the parser never ends on a line that lacks its end, the ledger takes its whole
 * process down with a large amount. Their supervisor restarts them, and only the messages that kill them are lost.
 */
const Ledger = hostActor('Ledger', {
  messages: { Entry: { share: u32, cents: u32 } },
  emits: { Booked: { share: u32, cents: u32 } },
  run: async (ctx) => {
    while (!ctx.shouldTerminate) {
      const m = await ctx.receive();
      if (m === undefined) continue;
      if (m.cents > 70_000) process.exit(1);
      ctx.emit('Booked', { share: m.share, cents: m.cents });
    }
  },
});

const Share = actor('Share', {
  state: { months: u32, highest: u32 },
  messages: {
    Price: { ledger: ref(() => Ledger), cents: u32 },
    Get: ask({}, { months: u32, highest: u32 }),
  },
  on: {
    Price(ctx, m) {
      const s = ctx.state;
      s.months += 1;
      if (m.cents <= s.highest) return;
      s.highest = m.cents;
      ctx.send(m.ledger, 'Entry', { share: ctx.index, cents: m.cents });
    },
    Get(ctx) {
      ctx.reply({ months: ctx.state.months, highest: ctx.state.highest });
    },
  },
});

const Parser = actor('Parser', {
  state: { lines: u32 },
  messages: { Line: { share: ref(() => Share), ledger: ref(() => Ledger), text: array(u8, 8) } },
  on: {
    Line(ctx, m) {
      let cents = u32(0);
      for (let i = u32(0); m.text[i % 8] !== 0; i++) {
        if (m.text[i % 8] !== 46) cents = cents * 10 + m.text[i % 8] - 48;
      }
      ctx.state.lines += 1;
      ctx.send(m.share, 'Price', { ledger: m.ledger, cents });
    },
  },
});

/** The price as text; a zero ends it where there is room for one. */
function lineOf(price: string): number[] {
  const text = [...price].map((letter) => letter.charCodeAt(0));
  return Array.from({ length: 8 }, (_, i) => text[i] ?? 0);
}

const rows = readCsv('stocks.csv');
const symbols = [...new Set(rows.map((row) => row.symbol))];
const endless = '12345678';

await using runtime = await createRuntime({
  backend: 'cpu',
  backendOptions: { handlerTimeoutMs: 250 },
});
const supervisor = runtime.supervise({ name: 'pipeline', maxRestarts: 100 });
const ledger = await supervisor.launch(Ledger);
const shares = await supervisor.launch(Share, { instances: symbols.length });
const parser = await supervisor.launch(Parser);

for (const [i, { symbol, price }] of rows.entries()) {
  const share = shares.at(symbols.indexOf(symbol));
  const text = lineOf(Number(price).toFixed(2));
  await parser.send('Line', { share, ledger, text });
  if (i % 200 === 100) await parser.send('Line', { share, ledger, text: lineOf(endless) });
}
// With each restart the rest goes on: it is done when all has been handled and nobody waits for a restart.
while (parser.metrics().pending + shares.metrics().pending + ledger.metrics().pending > 0) {
  await runtime.settled();
}

for (const [i, symbol] of symbols.entries()) {
  const { months, highest } = await shares.at(i).call('Get', {});
  console.log(`${symbol}: ${months} months, highest ${(highest / 100).toFixed(2)}`);
}
let booked = 0;
while (ledger.tryReceive('Booked') !== undefined) booked++;
const ends = [...parser.faults(), ...ledger.faults()].map(({ error }) => error.code);
const count = (code: string) => ends.filter((found) => found === code).length;
const [stuck, exits] = [count('RK_HANDLER_TIMEOUT'), count('RK_HANDLER_ERROR')];
console.log(
  `${booked} entries booked; ${stuck} handlers did not end, ${exits} ended their process`,
);
console.log(
  `${supervisor.restarts} restarts, ${runtime.summary().counts.deadLettered} dead letters`,
);
