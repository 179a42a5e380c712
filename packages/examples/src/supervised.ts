import type { Worker } from 'node:worker_threads';
import { actor, array, ask, createRuntime, hostActor, ref, u8, u32 } from '@ringkernel/runtime';
import { readCsv } from './data/files.ts';

/**
 * A pipeline whose stages have bugs: the parser never ends on a line that lacks its end, the ledger throws at a large
 * amount and takes its whole process down with a larger one. Twice a worker thread is killed with all who live there.
 * Their supervisor restarts them with the states they had, and only the messages that a stage fails at are lost.
 */
const Ledger = hostActor('Ledger', {
  messages: { Entry: { share: u32, cents: u32 } },
  emits: { Booked: { share: u32, cents: u32 } },
  run: async (ctx) => {
    while (!ctx.shouldTerminate) {
      const m = await ctx.receive();
      if (m === undefined) continue;
      if (m.cents > 70_000) process.exit(1);
      if (m.cents > 50_000) throw new RangeError(`no room for ${m.cents} cents`);
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

const workers: Worker[] = [];
process.on('worker', (worker) => workers.push(worker));
await using runtime = await createRuntime({
  backend: 'cpu',
  backendOptions: { workers: 2, handlerTimeoutMs: 250 },
});
const supervisor = runtime.supervise({ name: 'pipeline', maxRestarts: 100 });
const ledger = await supervisor.launch(Ledger);
const restartState = 'last-good';
const shares = await supervisor.launch(Share, { instances: symbols.length, restartState });
const parser = await supervisor.launch(Parser, { restartState });
const stages = [parser, shares, ledger];

/** With each restart the rest goes on: it is done when all has been handled and nobody waits for a restart. */
async function done(): Promise<void> {
  const busy = () => stages.some((stage) => stage.metrics().pending > 0);
  do await runtime.settled();
  while (busy() || stages.some((stage) => stage.status().failedInstances > 0));
}

let killed = 0;
/** What waits in the mailboxes of a killed worker would be lost with it: here nothing does. */
async function killWorker(): Promise<void> {
  await done();
  const { restarts } = supervisor;
  void workers[killed++]?.terminate();
  while (supervisor.restarts === restarts) await runtime.settled();
}

for (const [i, { symbol, price }] of rows.entries()) {
  if (i === 200 || i === 400) await killWorker();
  const share = shares.at(symbols.indexOf(symbol));
  const text = lineOf(Number(price).toFixed(2));
  await parser.send('Line', { share, ledger, text });
  if (i % 200 === 100) await parser.send('Line', { share, ledger, text: lineOf(endless) });
}
await done();

for (const [i, symbol] of symbols.entries()) {
  const { months, highest } = await shares.at(i).call('Get', {});
  console.log(`${symbol}: ${months} months, highest ${(highest / 100).toFixed(2)}`);
}
let booked = 0;
while (ledger.tryReceive('Booked') !== undefined) booked++;
const ends = stages.flatMap((stage) => stage.faults()).map(({ error }) => error);
const count = (code: string) => ends.filter((error) => error.code === code).length;
const exits = ends.filter(({ message }) => message.includes('process.exit')).length;
console.log(
  `${booked} entries booked; ${count('RK_HANDLER_TIMEOUT')} handlers did not end, ` +
    `${count('RK_HANDLER_ERROR') - exits} threw, ${exits} ended their process`,
);
console.log(`${killed} workers were killed, with ${count('RK_WORKER_LOST')} instances`);
console.log(
  `${supervisor.restarts} restarts, ${runtime.summary().counts.deadLettered} dead letters`,
);
