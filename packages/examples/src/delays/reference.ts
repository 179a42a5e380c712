import type { Flights } from '../data/flight-columns.ts';
import { binOf, histogramBins, outlierAfter, outlierSigmas, recentWeight } from './actors.ts';

/** What one airport's departures come to. */
export interface Totals {
  count: number;
  total: number;
  mean: number;
  squares: number;
  recent: number;
  earliest: number;
  latest: number;
  outliers: number;
  readonly histogram: number[];
}

function noTotals(): Totals {
  const histogram = new Array<number>(histogramBins).fill(0);
  const none = { count: 0, total: 0, mean: 0, squares: 0, recent: 0, outliers: 0 };
  return { ...none, earliest: Infinity, latest: -Infinity, histogram };
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
    t.earliest = Math.min(t.earliest, minutes);
    t.latest = Math.max(t.latest, minutes);
    t.recent = t.count === 0 ? minutes : t.recent * (1 - recentWeight) + minutes * recentWeight;
    t.count += 1;
    t.total += minutes;
    const off = minutes - t.mean;
    t.mean += off / t.count;
    t.squares += off * (minutes - t.mean);
    t.histogram[binOf(minutes)] += 1;
  }
  return all;
}
