import type { Runtime } from '@ringkernel/runtime';
import type { Flights } from '../data/flight-columns.ts';
import { Departures, histogramBins } from './actors.ts';
import { compareDelays } from './compare.ts';
import { nextTurn } from './turn.ts';

interface AirportDelays {
  readonly iata: string;
  readonly name: string;
  readonly count: number;
  readonly mean: number;
  readonly deviation: number;
  readonly latest: number;
  readonly outliers: number;
}

interface Outlier {
  readonly iata: string;
  readonly name: string;
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
  readonly pending: number;
  readonly messagesPerSecond: number;
  readonly p50Us: number;
  readonly p99Us: number;
}

/** Messages in one turn of the event loop; in between, outliers are received and progress is shown. */
const turn = 4_096;

/** Streams flights through one actor per airport; `names` has the airports' names by IATA code. */
export async function streamFlights(
  runtime: Runtime,
  flights: Flights,
  names: ReadonlyMap<string, string>,
  onProgress: (progress: Progress) => void,
): Promise<StreamResult> {
  const codes = [...new Set(flights.origins)].sort();
  const indexOf = new Map(codes.map((iata, i) => [iata, i]));
  const known = codes.map((iata) => ({ iata, name: names.get(iata) ?? iata }));
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
      farthest.push({ ...known[m.from], minutes: m.minutes, sigmas: m.sigmas });
    }
  })();

  const start = performance.now();
  for (let i = 0; i < flights.count; i++) {
    const to = actors[indexOf.get(flights.origins[i]) as number];
    const payload = { minutes: flights.delays[i] };
    if (!to.trySend('Departure', payload)) await to.send('Departure', payload);
    if (i % turn === turn - 1) {
      await nextTurn();
      const { handled, pending, latency } = kernel.metrics();
      const messagesPerSecond = (handled * 1000) / (performance.now() - start);
      const { p50Us, p99Us } = latency;
      onProgress({ sent: i + 1, pending, messagesPerSecond, p50Us, p99Us });
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
    ...known[i],
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
    disagreements: compareDelays(flights, codes, reports, outliers),
  };
}
