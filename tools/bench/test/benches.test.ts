import { expect, test } from 'vitest';
import { benches } from '../dist/list.js';

const options = { quick: true, simulated: true };

// Quick runs on a busy machine: that each bench runs and gives figures, not what they are.
for (const bench of benches) {
  const missing = (await bench.missing?.(options)) ?? null;
  if (missing !== null) console.log(`skipped: ${bench.name}: ${missing}`);
  test.skipIf(missing !== null)(`${bench.name} runs`, { timeout: 120_000 }, async () => {
    const rows = await bench.run(options);
    expect(rows.length).toBeGreaterThan(0);
    for (const row of rows) expect(row.value, row.name).toBeGreaterThanOrEqual(0);
    if (bench.name === 'cuda-loss') {
      expect(rows.map((row) => row.met)).toEqual([undefined, true, true, true]);
    }
  });
}
