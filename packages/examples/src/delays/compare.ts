import type { Flights } from '../data/flight-columns.ts';
import { referenceTotals, type Totals } from './reference.ts';

/** What the actor of one airport reports. */
export interface DelayReport {
  readonly count: number;
  readonly mean: number;
  readonly deviation: number;
  readonly recent: number;
  readonly total: number;
  readonly earliest: number;
  readonly latest: number;
  readonly outliers: number;
  readonly histogram: readonly number[];
}

/** Largest error of a running f32 result over many thousand departures. */
function near(found: number, wanted: number): boolean {
  return Math.abs(found - wanted) <= 0.01 + 1e-3 * Math.abs(wanted);
}

/** Counts and sums are integers and must be equal; what is computed in f32 may be off by its rounding. */
function compareAirport(iata: string, found: DelayReport, wanted: Totals): string[] {
  const wrong: string[] = [];
  for (const name of ['count', 'total', 'earliest', 'latest'] as const) {
    if (found[name] !== wanted[name]) {
      wrong.push(`${iata}: ${name} ${found[name]}, the reference has ${wanted[name]}`);
    }
  }
  const deviation = wanted.count > 1 ? Math.sqrt(wanted.squares / (wanted.count - 1)) : 0;
  const rounded = { mean: wanted.mean, deviation, recent: wanted.recent };
  for (const name of ['mean', 'deviation', 'recent'] as const) {
    if (!near(found[name], rounded[name])) {
      wrong.push(`${iata}: ${name} ${found[name]}, the reference has ${rounded[name]}`);
    }
  }
  if (found.histogram.some((n, bin) => n !== wanted.histogram[bin])) {
    wrong.push(`${iata}: the histogram differs`);
  }
  // A delay just at the limit may be on either side of it in f32.
  if (Math.abs(found.outliers - wanted.outliers) > 1) {
    wrong.push(`${iata}: ${found.outliers} outliers, the reference has ${wanted.outliers}`);
  }
  return wrong;
}

/** What does not agree with the reference, in words; `received` outliers reached the host. */
export function compareDelays(
  flights: Flights,
  codes: readonly string[],
  reports: readonly DelayReport[],
  received: number,
): string[] {
  const reference = referenceTotals(flights);
  const wrong: string[] = [];
  if (reference.size !== reports.length) {
    wrong.push(`${reports.length} airports, the reference has ${reference.size}`);
  }
  for (const [i, found] of reports.entries()) {
    const wanted = reference.get(codes[i]);
    if (wanted !== undefined) wrong.push(...compareAirport(codes[i], found, wanted));
  }
  const told = reports.reduce((n, r) => n + r.outliers, 0);
  if (told !== received) wrong.push(`${received} of ${told} outliers arrived`);
  return wrong;
}
