import { createRuntime } from '@ringkernel/runtime';
import { Echo } from './actors.ts';
import { plain, type Row } from './bench.ts';
import { interleaved } from './measure.ts';

/** A million actors at once: launching them, a round over all of them, ending them. */
export async function manyRows(device: string, quick: boolean): Promise<Row[]> {
  await using gpu = await createRuntime({ backend: 'webgpu', device });
  const instances = quick ? 10_000 : 1_000_000;
  const taken: Record<string, number> = {};
  const timed = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    const start = performance.now();
    const done = await work();
    taken[name] = performance.now() - start;
    return done;
  };
  const many = `${instances} actors`;
  const cycle = async (): Promise<void> => {
    const echo = await timed(`launching ${many}`, () => gpu.launch(Echo, { instances }));
    await timed(`asking the last of ${many}`, async () => {
      const { value } = await echo.at(instances - 1).call('Ask', { value: 41 });
      if (value !== 42) throw new Error(`the last actor answered ${value}`);
    });
    await timed(`ending ${many}`, () => echo.terminate());
  };
  await cycle();
  const names = Object.keys(taken);
  const variants = names.map((name, i) => [
    name,
    async () => {
      if (i === 0) await cycle();
      return taken[name] ?? Number.NaN;
    },
  ]);
  const medians = await interleaved(Object.fromEntries(variants), quick ? 1 : 3);
  return names.map((name) => plain(medians, name, 'ms'));
}
