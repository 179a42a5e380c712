import { expect, test } from 'vitest';
import { benches } from '../dist/list.js';

// Quick runs on a busy machine: that each bench runs and gives figures, not what they are.
for (const bench of benches) {
  test(`${bench.name} runs`, { timeout: 120_000 }, async () => {
    const rows = await bench.run({ quick: true });
    expect(rows.length).toBeGreaterThan(0);
    for (const row of rows) expect(row.value, row.name).toBeGreaterThanOrEqual(0);
  });
}
