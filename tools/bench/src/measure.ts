/** The value below which a share of the samples lies. */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

export function median(samples: readonly number[]): number {
  return quantile(samples, 0.5);
}

/** One way to do the work. It runs once and returns what it measured: nanoseconds per operation, usually. */
export type Variant = () => number | Promise<number>;

/**
 * Runs all variants in turn, several rounds, and returns each one's median. Interleaving makes a slow spell of the
 * machine hit all of them, so that ratios mean something where absolute figures don't. The first round warms up.
 */
export async function interleaved(
  variants: Readonly<Record<string, Variant>>,
  rounds = 7,
): Promise<Record<string, number>> {
  const samples: Record<string, number[]> = Object.fromEntries(
    Object.keys(variants).map((n) => [n, []]),
  );
  for (let round = -1; round < rounds; round++) {
    for (const [name, variant] of Object.entries(variants)) {
      const value = await variant();
      if (round >= 0) samples[name]?.push(value);
    }
  }
  return Object.fromEntries(
    Object.entries(samples).map(([name, values]) => [name, median(values)]),
  );
}

/** Nanoseconds per operation of a loop that does `count` of them. */
export function nsPer(count: number, loop: (count: number) => void): number {
  const start = process.hrtime.bigint();
  loop(count);
  return Number(process.hrtime.bigint() - start) / count;
}

export async function nsPerAsync(
  count: number,
  loop: (count: number) => Promise<void>,
): Promise<number> {
  const start = process.hrtime.bigint();
  await loop(count);
  return Number(process.hrtime.bigint() - start) / count;
}
