import type { Runtime } from '@ringkernel/runtime';
import { complaints, type Results } from '../src/checks.ts';
import { rowsOf } from '../src/data/csv.ts';
import { decodeFlights } from '../src/data/flight-columns.ts';
import { networkOf } from '../src/data/routes.ts';
import { streamFlights } from '../src/delays/run.ts';
import { rankAirports } from '../src/pagerank/run.ts';

/** What the main job found out, and what is wrong with it. */
export interface Job extends Results {
  readonly complaints: readonly string[];
}

async function fetched(name: string): Promise<Response> {
  const response = await fetch(`data/${name}`);
  if (!response.ok) throw new Error(`${name}: the server answered ${response.status}`);
  return response;
}

async function rows(name: string): Promise<Record<string, string>[]> {
  return rowsOf(await (await fetched(name)).text());
}

/** The main job: PageRank of all airports, then the delays of so many flights. */
export async function runJob(
  runtime: Runtime,
  flightCount: number,
  onProgress: (text: string) => void,
): Promise<Job> {
  const network = networkOf(await rows('airports.csv'), await rows('flights-airport.csv'));
  const pagerank = await rankAirports(runtime, network, (iteration, change) => {
    onProgress(`PageRank: iteration ${iteration}, ranks change by ${change.toExponential(1)}`);
  });
  const file = await (await fetched('flights-3m.parquet')).arrayBuffer();
  const flights = await decodeFlights(file, flightCount);
  const stream = await streamFlights(runtime, flights, network.names, ({ sent, pending }) => {
    onProgress(`flights: ${sent} of ${flights.count} sent, ${pending} waiting`);
  });
  const results = { pagerank, stream, counts: runtime.summary().counts };
  return { ...results, complaints: complaints(results) };
}
