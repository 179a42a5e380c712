import type { Network } from '../data/routes.ts';
import { damping } from './actors.ts';

/** PageRank by power iteration in double precision: what the actors' result is checked against. */
export function referenceRanks({ airports, routes }: Network, iterations: number): Float64Array {
  const n = airports.length;
  const departures = new Float64Array(n);
  for (const { from, flights } of routes) departures[from] += flights;
  let ranks = new Float64Array(n).fill(1 / n);
  for (let iteration = 0; iteration < iterations; iteration++) {
    const stranded = ranks.reduce((sum, rank, i) => (departures[i] === 0 ? sum + rank : sum), 0);
    const next = new Float64Array(n).fill((1 - damping) / n + (damping * stranded) / n);
    for (const { from, to, flights } of routes) {
      next[to] += (damping * ranks[from] * flights) / departures[from];
    }
    ranks = next;
  }
  return ranks;
}
