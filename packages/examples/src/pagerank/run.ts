import type { Runtime } from '@ringkernel/runtime';
import type { Network } from '../data/routes.ts';
import { Airport, Coordinator, maxAirports, scale } from './actors.ts';
import { referenceRanks } from './reference.ts';

interface RankedAirport {
  readonly iata: string;
  readonly name: string;
  readonly rank: number;
}

export interface PageRankResult {
  readonly airports: number;
  readonly routes: number;
  readonly iterations: number;
  /** Largest difference to the reference computation. */
  readonly maxAbsError: number;
  /** All airports, best first. */
  readonly ranked: readonly RankedAirport[];
  readonly milliseconds: number;
}

/** The ranks together change by less than this share of their sum: then they are settled. */
const tolerance = 1e-9;
const maxIterations = 500;

/** Ranks the airports of a network; `onIteration` hears of each iteration and of how much still changed. */
export async function rankAirports(
  runtime: Runtime,
  network: Network,
  onIteration: (iteration: number, change: number) => void,
): Promise<PageRankResult> {
  const { airports, routes } = network;
  const count = airports.length;
  if (count > maxAirports) throw new Error(`${count} airports, there is room for ${maxAirports}`);
  const kernel = await runtime.launch(Airport, { id: 'airports', instances: count });
  const coordinator = await runtime.launch(Coordinator, { id: 'coordinator' });
  const start = performance.now();

  const expected = new Uint32Array(count);
  const departures = new Uint32Array(count);
  for (const { from, to, flights } of routes) {
    expected[to] += 1;
    departures[from] += flights;
    await kernel.at(from).send('Connect', { to: kernel.at(to), flights });
  }
  const rank = scale / BigInt(count);
  for (let i = 0; i < count; i++) {
    await kernel.at(i).send('Wire', { coordinator, expected: expected[i], airports: count, rank });
    await coordinator.send('Join', { airport: kernel.at(i) });
  }
  // Host messages and those of the coordinator reach an airport by different ways: wait until all are wired.
  await Promise.all(airports.map((_, i) => kernel.at(i).call('Rank', {})));

  const stranded = rank * BigInt(departures.filter((d) => d === 0).length);
  const limit = BigInt(Math.round(tolerance * Number(scale)));
  await coordinator.send('Begin', { stranded, tolerance: limit, maxIterations });
  let iterations = 0;
  for await (const m of coordinator.receive('Iterated')) {
    iterations = m.iteration;
    onIteration(iterations, Number(m.change) / Number(scale));
    if (m.done) break;
  }
  const milliseconds = performance.now() - start;

  const replies = await Promise.all(airports.map((_, i) => kernel.at(i).call('Rank', {})));
  const ranks = replies.map((reply) => Number(reply.rank) / Number(scale));
  const reference = referenceRanks(network, iterations);
  const maxAbsError = Math.max(...ranks.map((r, i) => Math.abs(r - reference[i])));
  const ranked = airports
    .map(({ iata, name }, i) => ({ iata, name, rank: ranks[i] }))
    .sort((a, b) => b.rank - a.rank);
  await kernel.terminate();
  await coordinator.terminate();
  return { airports: count, routes: routes.length, iterations, maxAbsError, ranked, milliseconds };
}
