import { createRuntime, type Runtime } from '@ringkernel/runtime';
import { Ring } from './actors.ts';
import { beside, type Row } from './bench.ts';
import { interleaved, nsPerAsync } from './measure.ts';
import { Bare, bareGpu } from './webgpu-bare.ts';
import { perSecond } from './webgpu-trips.ts';

const instances = 1024;

async function ring(runtime: Runtime) {
  return await runtime.launch(Ring, { instances });
}

/** So many tokens go round the ring, each for so many hops: nanoseconds for a hop. */
function turn(actors: Awaited<ReturnType<typeof ring>>, tokens: number, hops: number) {
  return nsPerAsync(tokens * hops, async () => {
    for (let i = 0; i < tokens; i++) await actors.at(i).send('Token', { hops });
    for (let i = 0; i < tokens; i++) await actors.receive('Done');
  });
}

/** From actor to actor, without the host. */
export async function hopRows(device: string, quick: boolean): Promise<Row[]> {
  await using gpu = await createRuntime({ backend: 'webgpu', device });
  await using cpu = await createRuntime({ backend: 'cpu', backendOptions: { workers: 1 } });
  const [ours, theirs] = [await ring(gpu), await ring(cpu)];
  const bare = await Bare.open(await bareGpu(), { messages: instances, words: 24, back: 1088 });
  const [one, many, dispatches] = quick ? [64, 4, 64] : [4096, 256, 1024];
  const medians = await interleaved(
    {
      'hop of 1 token': () => turn(ours, 1, one),
      [`hop of ${instances} tokens`]: () => turn(ours, instances, many),
      'cpu hop of 1 token': () => turn(theirs, 1, one),
      [`cpu hop of ${instances} tokens`]: () => turn(theirs, instances, many),
      'bare dispatch in a row': () =>
        nsPerAsync(dispatches, async () => void (await bare.once(dispatches))),
    },
    quick ? 1 : 7,
  );
  bare.close();
  const names = ['hop of 1 token', `hop of ${instances} tokens`];
  return [
    beside(medians, 'hop of 1 token', 'bare dispatch in a row', 'ns/hop'),
    ...names.flatMap((name) => [
      beside(medians, name, `cpu ${name}`, 'ns/hop'),
      perSecond(medians, name, 'hops'),
    ]),
  ];
}
