import { createRuntime, type Runtime } from '@ringkernel/runtime';
import { Echo } from './actors.ts';
import { beside, plain, type Row } from './bench.ts';
import { interleaved, nsPerAsync, quantile } from './measure.ts';
import { Bare, bareGpu } from './webgpu-bare.ts';

const instances = 64;
/** Words of a message with its header, and those that a submit reads back. */
const size = { messages: 1, words: 24, back: 1088 } as const;

/** The median of so many, one after the other, in nanoseconds. */
async function median(count: number, once: () => Promise<unknown>): Promise<number> {
  const samples: number[] = [];
  for (let i = 0; i < count; i++)
    samples.push(await nsPerAsync(1, async () => void (await once())));
  return quantile(samples, 0.5);
}

/** Nanoseconds for each of `count` asks, so many of them under way at once. */
function inFlight(echo: Echoes, callers: number, count: number): Promise<number> {
  const each = Math.ceil(count / callers);
  return nsPerAsync(each * callers, async () => {
    const caller = async (i: number): Promise<void> => {
      for (let k = 0; k < each; k++) await echo.at(i).call('Ask', { value: k });
    };
    await Promise.all(Array.from({ length: callers }, (_, i) => caller(i)));
  });
}

type Echoes = Awaited<ReturnType<typeof launch>>;

async function launch(runtime: Runtime) {
  return await runtime.launch(Echo, { instances });
}

/** One message there and back. */
export async function tripRows(device: string, quick: boolean): Promise<Row[]> {
  await using gpu = await createRuntime({ backend: 'webgpu', device });
  await using cpu = await createRuntime({ backend: 'cpu', backendOptions: { workers: 1 } });
  const [ours, theirs] = [await launch(gpu), await launch(cpu)];
  const bare = await Bare.open(await bareGpu(), size);
  const count = quick ? 20 : 500;
  const medians = await interleaved(
    {
      'ask, p50': () => median(count, () => ours.at(0).call('Ask', { value: 1 })),
      'bare dispatch, copy, map': () => median(count, () => bare.once()),
      'cpu ask, p50': () => median(count, () => theirs.at(0).call('Ask', { value: 1 })),
      'an ask, 1 in flight': () => inFlight(ours, 1, count),
      'an ask, 3 in flight': () => inFlight(ours, 3, count),
      'an ask, 64 in flight': () => inFlight(ours, 64, count * 4),
    },
    quick ? 1 : 7,
  );
  bare.close();
  return [
    beside(medians, 'ask, p50', 'bare dispatch, copy, map', 'ns', 1.3),
    beside(medians, 'ask, p50', 'cpu ask, p50', 'ns'),
    beside(medians, 'an ask, 3 in flight', 'an ask, 1 in flight', 'ns', 0.5),
    beside(medians, 'an ask, 64 in flight', 'an ask, 1 in flight', 'ns'),
    ...Object.keys(medians)
      .filter((name) => name.startsWith('an ask'))
      .map((name) => perSecond(medians, name, 'round trips')),
    plain(medians, 'bare dispatch, copy, map', 'ns'),
    plain(medians, 'cpu ask, p50', 'ns'),
  ];
}

/** Nanoseconds for one as how many there are in a second. */
export function perSecond(
  medians: Readonly<Record<string, number>>,
  name: string,
  what: string,
): Row {
  const value = 1e9 / (medians[name] ?? Number.NaN);
  return { name, value, unit: `${what}/s` };
}
