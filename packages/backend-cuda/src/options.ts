import {
  checkOwnHandlers,
  InvalidOptionError,
  messageHeader,
  type OwnHandlers,
} from '@ringkernel/core';
import { mostHostLanes } from './layout/device.ts';
import { defaultCacheFolder } from './program/image-cache.ts';

/** Who owns the memory that host and device share: the driver, or a WebAssembly memory that the driver locks. */
export type HostMemoryKind = 'driver' | 'webassembly';

/** How many threads serve one instance: one, those of a warp, those of a block; `auto` chooses. */
export type CudaFormOption = 'auto' | 'thread' | 'warp' | 'block';

/** What `backendOptions` may say to this backend. */
export interface CudaOptions {
  /** Run on the simulated driver, on CPU threads; needs g++. */
  readonly simulated: boolean;
  /** How many run the instances of one kernel. */
  readonly workers: number;
  /** How they are threads: a warp or a block shares the rounds of the sections of a handler. */
  readonly form: CudaFormOption;
  /** Threads of a block that serves an instance, a power of two. */
  readonly blockThreads: number;
  /** Messages that can be on the device at once, a power of two. */
  readonly messageSlots: number;
  /** Largest payload that may travel, bytes, a multiple of 64. */
  readonly maxPayloadBytes: number;
  /** Messages between host and device that one side has not taken yet, each way, a power of two. */
  readonly laneCapacity: number;
  /** Ways to the device, one for each thread that sends by itself: that of the thread that opens it, and the others' ports. */
  readonly hostLanes: number;
  readonly hostMemory: HostMemoryKind;
  /** How long the event loop polls for the device after the last message, microseconds. */
  readonly hotUs: number;
  /** How long the kernels run before they leave and are started again, milliseconds; 0 = for ever, null = by device. */
  readonly sliceMs: number | null;
  /** How long a handler may run before it is ended and its instance fails, milliseconds; 0 = for ever. */
  readonly handlerTimeoutMs: number;
  /** CUDA C++ that takes the place of compiled handlers, by `Actor.Message`. */
  readonly handlers: OwnHandlers;
  /** Where compiled programs are kept; null: nowhere. */
  readonly cacheFolder: string | null;
  /** Programs that `writePtx` compiled for where no compiler is; null: none. */
  readonly ptxFolder: string | null;
  /** Further flags for g++ when it compiles for the simulation, such as `-fsanitize=thread`. */
  readonly simulationFlags: readonly string[];
}

const names: readonly (keyof CudaOptions)[] = [
  'simulated',
  'workers',
  'form',
  'blockThreads',
  'messageSlots',
  'maxPayloadBytes',
  'laneCapacity',
  'hostLanes',
  'hostMemory',
  'hotUs',
  'sliceMs',
  'handlerTimeoutMs',
  'handlers',
  'cacheFolder',
  'ptxFolder',
  'simulationFlags',
];

/** Most that a ring may be: the host counts its bytes in 32 bits with a sign, and two of them go in a WebAssembly memory. */
const ringBytes = 2 ** 30;

const forms: readonly CudaFormOption[] = ['auto', 'thread', 'warp', 'block'];
const memoryKinds: readonly HostMemoryKind[] = ['driver', 'webassembly'];

/** Checks what the user gave and fills in the rest. Throws `InvalidOptionError`. */
export function cudaOptions(given: Readonly<Record<string, unknown>> = {}): CudaOptions {
  for (const name of Object.keys(given)) {
    if ((names as readonly string[]).includes(name)) continue;
    throw new InvalidOptionError(name, `one of ${names.join(', ')}`, 'a name nobody knows');
  }
  const simulated = flag(given, 'simulated', false);
  const maxPayloadBytes = whole(given, 'maxPayloadBytes', 448, 64, 65_536);
  if (maxPayloadBytes % 64 !== 0) {
    throw new InvalidOptionError('maxPayloadBytes', 'a multiple of 64', maxPayloadBytes);
  }
  const laneCapacity = powerOfTwo(given, 'laneCapacity', 2048, 16, 1 << 20);
  const mostRecords = ringBytes / (maxPayloadBytes + messageHeader.sizeBytes);
  if (laneCapacity > mostRecords) {
    const wanted = `at most ${Math.floor(mostRecords)} messages of ${maxPayloadBytes} bytes`;
    throw new InvalidOptionError('laneCapacity', wanted, laneCapacity);
  }
  return {
    simulated,
    workers: whole(given, 'workers', simulated ? 2 : 256, 1, simulated ? 16 : 4096),
    form: formOption(given.form),
    blockThreads: powerOfTwo(given, 'blockThreads', simulated ? 64 : 128, 64, 1024),
    messageSlots: powerOfTwo(given, 'messageSlots', 65_536, 64, 1 << 24),
    maxPayloadBytes,
    laneCapacity,
    hostLanes: whole(given, 'hostLanes', 1, 1, mostHostLanes),
    hostMemory: memoryKind(given.hostMemory),
    hotUs: whole(given, 'hotUs', 200, 0, 1_000_000),
    sliceMs: given.sliceMs === undefined ? null : whole(given, 'sliceMs', 0, 0, 86_400_000),
    handlerTimeoutMs: whole(given, 'handlerTimeoutMs', 0, 0, 1_000_000_000),
    handlers: checkOwnHandlers(given.handlers ?? {}, 'CUDA C++'),
    cacheFolder: cacheFolder(given.cacheFolder),
    ptxFolder: given.ptxFolder === undefined ? null : folder('ptxFolder', given.ptxFolder),
    simulationFlags: flags(given.simulationFlags),
  };
}

function formOption(value: unknown): CudaFormOption {
  const found = forms.find((name) => name === (value ?? 'auto'));
  if (found !== undefined) return found;
  throw new InvalidOptionError('form', `one of ${forms.join(', ')}`, value);
}

function memoryKind(value: unknown): HostMemoryKind {
  const found = memoryKinds.find((kind) => kind === (value ?? 'driver'));
  if (found !== undefined) return found;
  throw new InvalidOptionError('hostMemory', `one of ${memoryKinds.join(', ')}`, value);
}

function cacheFolder(value: unknown): string | null {
  if (value === undefined) return defaultCacheFolder();
  if (value === false) return null;
  return folder('cacheFolder', value, 'a folder, or false');
}

function folder(name: string, value: unknown, wanted = 'a folder'): string {
  if (typeof value === 'string' && value !== '') return value;
  throw new InvalidOptionError(name, wanted, value);
}

function flags(value: unknown): readonly string[] {
  if (value === undefined) return [];
  if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value;
  throw new InvalidOptionError('simulationFlags', 'an array of strings', value);
}

function flag(given: Readonly<Record<string, unknown>>, name: string, fallback: boolean): boolean {
  const value = given[name] ?? fallback;
  if (typeof value !== 'boolean') throw new InvalidOptionError(name, 'true or false', value);
  return value;
}

function powerOfTwo(
  given: Readonly<Record<string, unknown>>,
  name: string,
  fallback: number,
  least: number,
  most: number,
): number {
  const value = whole(given, name, fallback, least, most);
  if ((value & (value - 1)) !== 0) throw new InvalidOptionError(name, 'a power of two', value);
  return value;
}

function whole(
  given: Readonly<Record<string, unknown>>,
  name: string,
  fallback: number,
  least: number,
  most: number,
): number {
  const value = given[name] ?? fallback;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most) {
    throw new InvalidOptionError(name, `a whole number from ${least} to ${most}`, value);
  }
  return value;
}
