/** One line of a result: what was measured, beside what. */
export interface Row {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** Name of the row of the same run that this one is compared with. */
  readonly peer?: string;
  /** value / peer's value; below 1 is faster. */
  readonly ratio?: number;
  /** The bar from docs/benchmarks, as text: `<= 1.25 x`. */
  readonly target?: string;
  readonly met?: boolean;
}

export interface BenchOptions {
  /** Cuts counts and rounds to what shows that it runs. */
  readonly quick: boolean;
  /** What needs a GPU runs on the simulated device instead. */
  readonly simulated?: boolean;
  /** How many messages `cuda-loss` sends. */
  readonly messages?: number;
}

export interface Bench {
  readonly name: string;
  readonly title: string;
  /** Why it can't run here, or null. Benches without it run everywhere. */
  missing?(options: BenchOptions): Promise<string | null>;
  run(options: BenchOptions): Promise<readonly Row[]>;
}

/** A row beside its peer, with the ratio computed from the two medians of one run. */
export function beside(
  medians: Readonly<Record<string, number>>,
  name: string,
  peer: string,
  unit: string,
  atMost?: number,
): Row {
  const [value, other] = [medians[name] ?? Number.NaN, medians[peer] ?? Number.NaN];
  const ratio = value / other;
  const row = { name, value, unit, peer, ratio };
  return atMost === undefined
    ? row
    : { ...row, target: `<= ${atMost} x ${peer}`, met: ratio <= atMost };
}

export function plain(medians: Readonly<Record<string, number>>, name: string, unit: string): Row {
  return { name, value: medians[name] ?? Number.NaN, unit };
}

/** A row with an absolute target, in the row's own unit; the simulated device has none. */
export function below({ simulated }: BenchOptions, row: Row, atMost: number): Row {
  if (simulated) return row;
  return { ...row, target: `<= ${atMost} ${row.unit}`, met: row.value <= atMost };
}
