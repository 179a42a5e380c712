import { asyncBufferFromFile } from 'hyparquet';
import { datasetPath } from './files.ts';
import { decodeFlights, type Flights } from './flight-columns.ts';

/** How many flights the file has. */
export const allFlights = 3_000_000;

/** Reads the first flights. */
export async function readFlights(count: number): Promise<Flights> {
  return await decodeFlights(await asyncBufferFromFile(datasetPath('flights-3m.parquet')), count);
}
