import { parseArgs } from 'node:util';
import { allFlights } from './data/flights.ts';

export const usage = `npm start -- [options]

  --backend NAME   auto (default), cpu, webgpu or cuda
  --workers N      worker threads of the cpu backend (default: one less than there are cores)
  --simulated      with --backend webgpu or cuda: without a GPU, on SwiftShader or on a simulated device
  --flights N      flights to stream, up to ${allFlights} (default 231083)
  --quiet          no progress and no report
  --json           the last line is one JSON object with all results
  --help           this text`;

export interface Options {
  readonly backend: 'auto' | 'cpu' | 'webgpu' | 'cuda';
  readonly workers: number | null;
  readonly simulated: boolean;
  readonly flights: number;
  readonly quiet: boolean;
  readonly json: boolean;
  readonly help: boolean;
}

/** An option that can't be understood. */
export class UsageError extends Error {}

const backends = ['auto', 'cpu', 'webgpu', 'cuda'] as const;

function whole(name: string, text: string, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw new UsageError(`--${name}: wanted a whole number from 1 to ${most}, found '${text}'`);
}

export function readOptions(args: readonly string[]): Options {
  let values: Record<string, string | boolean | undefined>;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        backend: { type: 'string', default: 'auto' },
        workers: { type: 'string' },
        simulated: { type: 'boolean', default: false },
        flights: { type: 'string', default: '231083' },
        quiet: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }));
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  const backend = backends.find((b) => b === values.backend);
  if (backend === undefined) {
    throw new UsageError(`--backend: wanted ${backends.join(', ')}, found '${values.backend}'`);
  }
  const simulated = values.simulated === true;
  if (simulated && backend !== 'webgpu' && backend !== 'cuda') {
    throw new UsageError('--simulated: only with --backend webgpu or cuda');
  }
  return {
    backend,
    simulated,
    workers: values.workers === undefined ? null : whole('workers', String(values.workers), 256),
    flights: whole('flights', String(values.flights), allFlights),
    quiet: values.quiet === true,
    json: values.json === true,
    help: values.help === true,
  };
}
