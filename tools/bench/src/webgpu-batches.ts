import { createRuntime, type Runtime } from '@ringkernel/runtime';
import { Sink } from './actors.ts';
import { beside, plain, type Row } from './bench.ts';
import { interleaved, nsPer, nsPerAsync, type Variant } from './measure.ts';
import { Bare, bareGpu } from './webgpu-bare.ts';
import { perSecond } from './webgpu-trips.ts';

const instances = 1024;
const payload = { a: 0, b: 1, c: 2, d: 3, e: 4, f: 5, g: 6, h: 7 };
/** Words of a message of eight fields with its header. */
const words = 28;

async function sinks(runtime: Runtime) {
  const kernel = await runtime.launch(Sink, { instances });
  return Array.from({ length: instances }, (_, i) => kernel.at(i));
}

type Sinks = Awaited<ReturnType<typeof sinks>>;

/** Never full here: each instance has room for 1024. */
function sendAll(to: Sinks, count: number): void {
  for (let i = 0; i < count; i++) {
    payload.a = i;
    if (to[i % instances]?.trySend('Item', payload) !== true) throw new Error('a mailbox is full');
  }
}

/** Waits where the way to the workers is full. */
async function sendPatiently(to: Sinks, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    payload.a = i;
    const sink = to[i % instances];
    if (sink?.trySend('Item', payload) === false) await sink.send('Item', payload);
  }
}

/** Messages sent together, until all are handled: nanoseconds for each. */
export async function batchRows(device: string, quick: boolean): Promise<Row[]> {
  await using gpu = await createRuntime({ backend: 'webgpu', device });
  await using cpu = await createRuntime({ backend: 'cpu', backendOptions: { workers: 1 } });
  const [ours, theirs] = [await sinks(gpu), await sinks(cpu)];
  const sizes = quick ? [1, 1024] : [1, 16, 256, 1024, 4096, 16_384, 65_536];
  const rows: Row[] = [];
  for (const size of sizes) {
    const bare = await Bare.open(await bareGpu(), { messages: size, words, back: 1088 });
    const repeats = quick ? 1 : Math.max(1, Math.min(100, Math.ceil(65_536 / size)));
    const whole =
      (once: () => Promise<unknown>): Variant =>
      () =>
        nsPerAsync(size * repeats, async () => {
          for (let i = 0; i < repeats; i++) await once();
        });
    const [name, floor, other] = [
      `batch of ${size}`,
      `bare batch of ${size}`,
      `cpu batch of ${size}`,
    ];
    const host = `batch of ${size}, host's part`;
    const medians = await interleaved(
      {
        [name]: whole(async () => {
          sendAll(ours, size);
          await gpu.settled();
        }),
        [floor]: whole(() => bare.once()),
        [other]: whole(async () => {
          await sendPatiently(theirs, size);
          await cpu.settled();
        }),
        [host]: async () => {
          const took = nsPer(size, (count) => sendAll(ours, count));
          await gpu.settled();
          return took;
        },
      },
      quick ? 1 : 7,
    );
    bare.close();
    const hostRow = plain(medians, host, 'ns/message');
    rows.push(
      beside(medians, name, floor, 'ns/message', size === 65_536 ? 1.5 : undefined),
      beside(medians, name, other, 'ns/message'),
      perSecond(medians, name, 'messages'),
      size < 1024 ? hostRow : { ...hostRow, target: '<= 100 ns', met: hostRow.value <= 100 },
    );
  }
  return rows;
}
