import type { Runtime } from '@ringkernel/runtime';
import type { Flights } from '../data/flights.ts';
import { Departures, histogramBins } from './actors.ts';
import { referenceTotals } from './reference.ts';

export interface AirportDelays {
  readonly iata: string;
  readonly count: number;
  readonly mean: number;
  readonly deviation: number;
  readonly latest: number;
  readonly outliers: number;
}

export interface Outlier {
  readonly iata: string;
  readonly minutes: number;
  readonly sigmas: number;
}

export interface StreamResult {
  readonly flights: number;
  readonly outliers: number;
  readonly messagesPerSecond: number;
  readonly latencyUs: { readonly p50: number; readonly p99: number };
  readonly airports: readonly AirportDelays[];
  readonly farthest: readonly Outlier[];
  /** Departures by delay, over all airports. */
  readonly histogram: readonly number[];
  /** What does not agree with the reference, in words; empty when all is well. */
  readonly disagreements: readonly string[];
}

/** Where the stream stands, for a progress line. */
export interface Progress {
  readonly sent: number;
  readonly handled: number;
  readonly pending: number;
  readonly p50Us: number;
  readonly p99Us: number;
}

/** Messages in one turn of the event loop; in between, outliers are received and progress is shown. */
const turn = 4_096;

/** Streams flights through one actor per airport. */
export async function streamFlights(
  runtime: Runtime,
  flights: Flights,
  onProgress: (progress: Progress) => void,
): Promise<StreamResult> {
  const codes = [...new Set(flights.origins)].sort();
  const indexOf = new Map(codes.map((iata, i) => [iata, i]));
  const kernel = await runtime.launch(Departures, {
    id: 'departures',
    instances: codes.length,
    outputQueueCapacity: 16_384,
  });
  const actors = codes.map((_, i) => kernel.at(i));
  const farthest: Outlier[] = [];
  let outliers = 0;
  const listening = (async () => {
    for await (const m of kernel.receive('Outlier')) {
      outliers += 1;
      farthest.push({ iata: codes[m.from], minutes: m.minutes, sigmas: m.sigmas });
    }
  })();

  const start = performance.now();
  for (let i = 0; i < flights.count; i++) {
    const to = actors[indexOf.get(flights.origins[i]) as number];
    const payload = { minutes: flights.delays[i] };
    if (!to.trySend('Departure', payload)) await to.send('Departure', payload);
    if (i % turn === turn - 1) {
      await new Promise((resolve) => setImmediate(resolve));
      const { handled, pending, latency } = kernel.metrics();
      onProgress({ sent: i + 1, handled, pending, p50Us: latency.p50Us, p99Us: latency.p99Us });
    }
  }
  await runtime.settled();
  const seconds = (performance.now() - start) / 1000;
  const { latency } = kernel.metrics();

  const reports = await Promise.all(actors.map((a) => a.call('Report', {})));
  await kernel.terminate();
  await listening; // the stream of outliers ends with the kernel
  const histogram = new Array<number>(histogramBins).fill(0);
  for (const r of reports) for (let b = 0; b < histogramBins; b++) histogram[b] += r.histogram[b];
  const airports = reports.map(({ count, mean, deviation, latest, outliers: far }, i) => ({
    iata: codes[i],
    count,
    mean,
    deviation,
    latest,
    outliers: far,
  }));
  return {
    flights: flights.count,
    outliers,
    messagesPerSecond: Math.round(flights.count / seconds),
    latencyUs: { p50: latency.p50Us, p99: latency.p99Us },
    airports,
    farthest: farthest.sort((a, b) => b.minutes - a.minutes),
    histogram,
    disagreements: compare(flights, codes, reports, outliers),
  };
}

interface Report {
  readonly count: number;
  readonly total: number;
  readonly mean: number;
  readonly outliers: number;
  readonly histogram: readonly number[];
}

/** Counts and sums are integers and must be equal; an f32 mean may be off by its rounding. */
function compare(
  flights: Flights,
  codes: readonly string[],
  reports: readonly Report[],
  received: number,
): string[] {
  const reference = referenceTotals(flights);
  const wrong: string[] = [];
  for (const [i, found] of reports.entries()) {
    const iata = codes[i];
    const wanted = reference.get(iata);
    if (wanted === undefined) continue;
    if (found.count !== wanted.count)
      wrong.push(`${iata}: ${found.count} of ${wanted.count} departures`);
    if (found.total !== wanted.total)
      wrong.push(`${iata}: ${found.total} of ${wanted.total} minutes`);
    const bins = found.histogram.every((n, bin) => n === wanted.histogram[bin]);
    if (!bins) wrong.push(`${iata}: the histogram differs`);
    const off = Math.abs(found.mean - wanted.mean);
    if (off > 0.01 + 1e-3 * Math.abs(wanted.mean))
      wrong.push(`${iata}: mean off by ${off} minutes`);
  }
  const told = reports.reduce((n, r) => n + r.outliers, 0);
  if (told !== received) wrong.push(`${received} of ${told} outliers arrived`);
  return wrong;
}
