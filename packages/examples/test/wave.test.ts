import { createRuntime } from '@ringkernel/runtime';
import { expect, test } from 'vitest';
import { Pond } from '../src/wave/pond.ts';
import { ReferencePond } from '../src/wave/reference.ts';

test('a pond of actors moves as the plain loop says, bit for bit', async () => {
  await using runtime = await createRuntime({ backend: 'cpu' });
  const pond = await Pond.open(runtime, 3);
  const reference = new ReferencePond(pond.width, pond.height);
  const drops = [
    [0, 0, 900_000],
    [31, 16, -700_000],
    [127, 47, 500_000],
  ] as const;
  for (const [x, y, height] of drops) {
    await pond.drop(x, y, height);
    reference.drop(x, y, height);
    reference.run(40);
    expect(await pond.run(40)).toEqual(reference.heights);
  }
  expect(reference.heights.filter((height) => height !== 0).length).toBeGreaterThan(1000);
});
