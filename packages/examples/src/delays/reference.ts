import type { Flights } from '../data/flights.ts';
import { binOf, histogramBins, outlierAfter, outlierSigmas } from './actors.ts';

/** What one airport's departures come to. */
export interface Totals {
  count: number;
  total: number;
  mean: number;
  squares: number;
  outliers: number;
  readonly histogram: number[];
}

function noTotals(): Totals {
  const histogram = new Array<number>(histogramBins).fill(0);
  return { count: 0, total: 0, mean: 0, squares: 0, outliers: 0, histogram };
}

/** The same statistics in double precision, in one plain pass: what the actors' are checked against. */
export function referenceTotals(flights: Flights): ReadonlyMap<string, Totals> {
  const all = new Map<string, Totals>();
  for (let i = 0; i < flights.count; i++) {
    const origin = flights.origins[i];
    const minutes = flights.delays[i];
    const t = all.get(origin) ?? noTotals();
    all.set(origin, t);
    const deviation = t.count > 1 ? Math.sqrt(t.squares / (t.count - 1)) : 0;
    const far = Math.abs(minutes - t.mean) > outlierSigmas * deviation;
    if (t.count >= outlierAfter && far) t.outliers += 1;
    t.count += 1;
    t.total += minutes;
    const off = minutes - t.mean;
    t.mean += off / t.count;
    t.squares += off * (minutes - t.mean);
    t.histogram[binOf(minutes)] += 1;
  }
  return all;
}
