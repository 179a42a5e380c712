import { url } from 'node:inspector';
import { availableParallelism } from 'node:os';
import { InvalidOptionError, longestTimerMs } from '@ringkernel/core';
import { type Affinity, affinities } from './affinity.ts';

/** What `backendOptions` may say to this backend. */
export interface CpuOptions {
  /** Worker threads; one less than the cores when left out, at least 1. */
  readonly workers: number;
  /** Slots of 64 bytes in the ring between two threads, a power of two. Half of it bounds a message. */
  readonly laneCapacity: number;
  /** How long a worker polls before it parks, microseconds; 0 = it parks at once. */
  readonly spinUs: number;
  /** How long the main thread polls for the answer to a call, microseconds; 0 = not at all. */
  readonly hostSpinUs: number;
  /** `pin` gives each thread, the main thread too, a core of its own (Linux). */
  readonly affinity: Affinity;
  /** What portable actors are compiled to; `auto`: WebAssembly where that is likely to be faster. */
  readonly code: CodeChoice;
  /** How long a handler of a portable actor may run before it is ended and its instance fails; 0 = for ever. */
  readonly handlerTimeoutMs: number;
  /** Megabytes that what a worker allocates itself may take before it is ended; 0 = as much as Node lets it. */
  readonly workerMemoryMb: number;
  /**
   * Kernels that run as JavaScript carry a source map to the files in which their handlers were written. When left
   * out: if this process runs with `--enable-source-maps`, or its inspector is open.
   */
  readonly sourceMaps: boolean;
}

export type CodeChoice = 'auto' | 'javascript' | 'webassembly';

const codeChoices: readonly CodeChoice[] = ['auto', 'javascript', 'webassembly'];

const maxWorkers = 128;
const names: readonly string[] = [
  'workers',
  'laneCapacity',
  'spinUs',
  'hostSpinUs',
  'affinity',
  'code',
  'handlerTimeoutMs',
  'workerMemoryMb',
  'sourceMaps',
];

/** Checks what the user gave and fills in the rest. Throws `InvalidOptionError`. */
export function cpuOptions(given: Readonly<Record<string, unknown>> = {}): CpuOptions {
  for (const name of Object.keys(given)) {
    if (names.includes(name)) continue;
    throw new InvalidOptionError(name, `one of ${names.join(', ')}`, 'a name nobody knows');
  }
  const fallback = Math.min(maxWorkers, Math.max(1, availableParallelism() - 1));
  const workers = integer(given, 'workers', fallback, 1, maxWorkers);
  const laneCapacity = integer(given, 'laneCapacity', lanesFor(workers), 64, 65_536);
  if ((laneCapacity & (laneCapacity - 1)) !== 0) {
    throw new InvalidOptionError('laneCapacity', 'a power of two', laneCapacity);
  }
  return {
    workers,
    laneCapacity,
    spinUs: integer(given, 'spinUs', 150, 0, 1_000_000),
    hostSpinUs: integer(given, 'hostSpinUs', 50, 0, 1_000_000),
    affinity: oneOf('affinity', affinities, 'off', given.affinity),
    code: oneOf('code', codeChoices, 'auto', given.code),
    handlerTimeoutMs: integer(given, 'handlerTimeoutMs', 0, 0, longestTimerMs),
    workerMemoryMb: integer(given, 'workerMemoryMb', 0, 0, 2 ** 20),
    sourceMaps: flag(given, 'sourceMaps', process.sourceMapsEnabled === true || isInspected()),
  };
}

/** Whether a debugger is, or can be, attached to this process. */
export function isInspected(): boolean {
  return url() !== undefined;
}

function flag(given: Readonly<Record<string, unknown>>, name: string, fallback: boolean): boolean {
  const value = given[name] ?? fallback;
  if (typeof value === 'boolean') return value;
  throw new InvalidOptionError(name, 'true or false', value);
}

function oneOf<T extends string>(
  name: string,
  known: readonly T[],
  fallback: T,
  value: unknown,
): T {
  const found = known.find((candidate) => candidate === (value ?? fallback));
  if (found !== undefined) return found;
  throw new InvalidOptionError(name, `one of ${known.join(', ')}`, value);
}

/** Lanes grow with the square of the threads, so many workers get shorter ones. */
function lanesFor(workers: number): number {
  return workers <= 8 ? 4096 : workers <= 32 ? 2048 : 1024;
}

function integer(
  given: Readonly<Record<string, unknown>>,
  name: string,
  fallback: number,
  least: number,
  most: number,
): number {
  const value = given[name];
  if (value === undefined) return fallback;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most) {
    throw new InvalidOptionError(name, `a whole number from ${least} to ${most}`, value);
  }
  return value;
}
