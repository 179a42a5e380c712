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

export interface Bench {
  readonly name: string;
  readonly title: string;
  /** `quick` cuts counts and rounds to what shows that it runs. */
  run(options: { readonly quick: boolean }): Promise<readonly Row[]>;
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
