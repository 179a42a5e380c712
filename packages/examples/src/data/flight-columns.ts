import { type AsyncBuffer, parquetMetadataAsync, parquetRead } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';

/** Flights in order of departure, as columns. */
export interface Flights {
  readonly count: number;
  /** IATA codes. */
  readonly origins: readonly string[];
  /** Minutes; negative is early. */
  readonly delays: readonly number[];
}

/** Decodes the first flights of the file; only the row groups that hold them are read. */
export async function decodeFlights(file: AsyncBuffer, count: number): Promise<Flights> {
  const metadata = await parquetMetadataAsync(file);
  const origins: string[] = [];
  const delays: number[] = [];
  await parquetRead({
    file,
    metadata,
    compressors,
    columns: ['origin', 'delay'],
    rowStart: 0,
    rowEnd: count,
    // A chunk is a whole row group of one column: the last one reaches past what was asked for.
    onChunk: ({ columnName, columnData, rowStart }) => {
      const wanted = Math.min(columnData.length, count - rowStart);
      const into: unknown[] = columnName === 'origin' ? origins : delays;
      for (let i = 0; i < wanted; i++) {
        const value: unknown = columnData[i];
        into[rowStart + i] = typeof value === 'bigint' ? Number(value) : value;
      }
    },
  });
  return { count: origins.length, origins, delays };
}
