import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { actor, ask, createRuntime, f32, hostActor, ref, u32 } from '@ringkernel/runtime';

/**
 * Actors compute, a host-only actor does what no GPU can: it writes what they tell it into a file. Its loop runs in a
 * worker, from its own text, so it imports what it needs. It writes many lines at once: all that wait while the disk
 * is busy.
 */
const Logbook = hostActor('Logbook', {
  messages: {
    Reading: { sensor: u32, step: u32, value: f32 },
    Close: ask({}, { lines: u32, writes: u32 }),
  },
  run: async (ctx) => {
    const { open } = await import('node:fs/promises');
    const file = await open(process.env.LOGBOOK ?? 'logbook.csv', 'w');
    let [lines, writes] = [0, 0];
    try {
      while (!ctx.shouldTerminate) {
        let text = '';
        for (let m = await ctx.receive(); m !== undefined; m = ctx.tryReceive()) {
          if (m.type === 'Close') {
            await file.appendFile(text);
            ctx.reply(m, { lines, writes: text === '' ? writes : writes + 1 });
            return;
          }
          text += `${m.sensor},${m.step},${m.value}\n`;
          lines += 1;
        }
        if (text === '') continue;
        await file.appendFile(text);
        writes += 1;
      }
    } finally {
      await file.close();
    }
  },
});

/** A sensor that drifts; it writes down every step that leaves the band. */
const Sensor = actor('Sensor', {
  state: { step: u32, value: f32, told: u32 },
  messages: {
    Run: { logbook: ref(() => Logbook), steps: u32 },
    Told: ask({}, { told: u32 }),
  },
  on: {
    Run(ctx, m) {
      const s = ctx.state;
      for (let i = 0; i < m.steps; i++) {
        s.step += 1;
        s.value = s.value * 0.99 + ctx.random() - 0.5;
        if (Math.abs(s.value) > 3) {
          s.told += 1;
          ctx.send(m.logbook, 'Reading', { sensor: ctx.index, step: s.step, value: s.value });
        }
      }
    },
    Told(ctx) {
      ctx.reply({ told: ctx.state.told });
    },
  },
});

const folder = await mkdtemp(join(tmpdir(), 'ringkernel-'));
const path = join(folder, 'logbook.csv');
process.env.LOGBOOK = path; // workers get a copy of the environment when they start

await using runtime = await createRuntime({ seed: 7 });
const logbook = await runtime.launch(Logbook);
const sensors = await runtime.launch(Sensor, { instances: 16 });
for (let i = 0; i < 16; i++) await sensors.at(i).send('Run', { logbook, steps: 1_000 });
await runtime.settled(); // every reading is with the logbook
const { lines, writes } = await logbook.call('Close', {});
const replies = await Promise.all(
  Array.from({ length: 16 }, (_, i) => sensors.at(i).call('Told', {})),
);
const told = replies.reduce((sum, reply) => sum + reply.told, 0);

const written = (await readFile(path, 'utf8')).trimEnd().split('\n');
await rm(folder, { recursive: true });
console.log(`16 sensors told ${told} readings, the logbook wrote ${lines} in ${writes} pieces`);
console.log(`the file has ${written.length} lines`);
