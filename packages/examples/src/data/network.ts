import { readCsv } from './files.ts';
import { type Network, networkOf } from './routes.ts';

/** US domestic routes of 2008 with the number of flights on each. */
export function readNetwork(): Network {
  return networkOf(readCsv('airports.csv'), readCsv('flights-airport.csv'));
}
