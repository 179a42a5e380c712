import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';

const threads = 4;
const ticks = 2_500_000;

async function run(mode: 'own' | 'shared', more: object = {}): Promise<readonly Report[]> {
  const gate = new SharedArrayBuffer(4);
  const buffer = new SharedArrayBuffer(64 * threads);
  return Promise.all(
    Array.from({ length: threads }, (_, thread) => {
      const workerData = { mode, thread, threads, ticks, buffer, gate, ...more };
      const worker = new Worker(new URL('./workers/hlc.mjs', import.meta.url), { workerData });
      return new Promise<Report>((resolve, reject) => {
        worker.once('message', resolve);
        worker.once('error', reject);
        worker.once('exit', () => reject(new Error('the worker ended without a report')));
      });
    }),
  );
}

interface Report {
  readonly backwards: number;
  readonly behindReceived?: number;
  readonly merges?: number;
  readonly node?: number;
}

/** Equal neighbours when the ascending lists of all threads are merged. */
function duplicates(lists: readonly BigUint64Array[]): number {
  const next = lists.map(() => 0);
  let found = 0;
  let last = -1n;
  for (let n = 0; n < threads * ticks; n++) {
    let from = -1;
    let least = 1n << 64n;
    for (let i = 0; i < lists.length; i++) {
      const head = lists[i]?.[next[i] ?? 0];
      if (head !== undefined && head < least) {
        least = head;
        from = i;
      }
    }
    next[from] = (next[from] ?? 0) + 1;
    if (least === last) found++;
    last = least;
  }
  return found;
}

describe('10^7 ticks on four threads', () => {
  it('clocks of their own, merged: none goes backwards, none is behind what it received', async () => {
    const reports = await run('own');
    for (const { backwards, behindReceived, merges } of reports) {
      expect({ backwards, behindReceived }).toEqual({ backwards: 0, behindReceived: 0 });
      expect(merges).toBe(Math.floor(ticks / 64));
    }
    // Growing stamps with nodes of their own are all different.
    expect(new Set(reports.map(({ node }) => node)).size).toBe(threads);
  }, 240_000);

  it('one shared clock: no stamp twice, none goes backwards', async () => {
    const stamps = new SharedArrayBuffer(8 * threads * ticks);
    const reports = await run('shared', { stamps });
    for (const { backwards } of reports) expect(backwards).toBe(0);
    const lists = Array.from(
      { length: threads },
      (_, thread) => new BigUint64Array(stamps, thread * ticks * 8, ticks),
    );
    expect(lists.every((list) => list.every((stamp) => stamp > 0n))).toBe(true);
    expect(duplicates(lists)).toBe(0);
  }, 240_000);
});
