import { createRuntime } from '@ringkernel/runtime';
import { expect, test } from 'vitest';
import { Counter, expectNothingLost } from './actors.ts';

test('the program of the front page runs', async () => {
  await using runtime = await createRuntime({ backend: 'auto' });
  const counters = await runtime.launch(Counter, { id: 'counters', instances: 10_000 });
  await counters.at(7).send('Add', { by: 5 });
  const { total } = await counters.at(7).call('Get', {}, { timeoutMs: 30_000 });
  expect(total).toBe(5n);

  const payloads = Array.from({ length: 2_999 }, () => ({ by: 1 }));
  expect(await counters.at(7).sendBatch('Add', payloads)).toBe(2_999);
  const seen: number[] = [];
  for await (const m of counters.receive('Milestone')) {
    expect(m).toMatchObject({ type: 'Milestone', from: 7, priority: 'normal', correlation: 0n });
    expect(m.hlc).toBeGreaterThan(0n);
    seen.push(m.count);
    if (seen.length === 3) break;
  }
  expect(seen).toEqual([1000, 2000, 3000]);
  expect(runtime.backend).toBe('cpu');
  await expectNothingLost(runtime);
});
