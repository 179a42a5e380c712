import {
  type BackendFactory,
  type FailurePolicy,
  type FullPolicy,
  InvalidOptionError,
  maxDeadlineMs,
  nearestName,
  type PriorityName,
  priorityNames,
  type Schedule,
} from '@ringkernel/core';
import type { DedupeId } from './flow/dedupe-window.ts';
import type { DedupeOptions, EntranceOptions } from './flow/options.ts';
import type { K2KOptions } from './k2k/options.ts';

export interface RuntimeOptions {
  /** `auto` (the default) takes the first usable of cuda, webgpu and cpu; or a backend of somebody else. */
  readonly backend?: 'auto' | 'cpu' | 'webgpu' | 'cuda' | BackendFactory;
  /**
   * The device to open: its id, its number (`cuda:1`), or a part of a GPU's name; the first one that is no software when
   * left out.
   */
  readonly device?: string;
  /** `async` by default. */
  readonly schedule?: Schedule;
  /** What only the chosen backend understands. */
  readonly backendOptions?: Readonly<Record<string, unknown>>;
  /** Seed of `ctx.random()`, a u32, 0 by default. */
  readonly seed?: number;
  /** Node part of message ids and clocks, 0 to 65535, 0 by default. */
  readonly nodeId?: number;
  /** How many dead letters are kept, 10,000 by default; older ones give way and are counted. */
  readonly deadLetterCapacity?: number;
  /** Bytes of payload that they may hold together, 16 MiB by default. */
  readonly deadLetterBytes?: number;
  /** How long they are kept, an hour by default. */
  readonly deadLetterAgeMs?: number;
  /** How messages travel between kernels through the host. */
  readonly k2k?: K2KOptions;
  /** Topics that may have something retained, 10,000 by default; the oldest give way and are counted. */
  readonly maxRetained?: number;
  /**
   * Actors compiled ahead of time, which are not compiled again while they are as they were: the file that
   * `ringkernel-compile` wrote, or its content. One that has changed is compiled, with a warning.
   */
  readonly compiled?: string | URL | object;
  /** Compile nothing here: an actor that `compiled` does not have as it is, is a `StaleImageError`. */
  readonly compiledOnly?: boolean;
}

export interface LaunchOptions {
  /** The definition's name when left out. */
  readonly id?: string;
  /** How many instances live when `launch` resolves: 1 by default. */
  readonly instances?: number;
  /** How many may live at once, with those that are spawned later; as many as `instances` by default. */
  readonly maxInstances?: number;
  /** Messages that may wait for one instance, 1024 by default. */
  readonly queueCapacity?: number;
  /** Messages from the kernel that wait for `receive`, 1024 by default. */
  readonly outputQueueCapacity?: number;
  /** What happens to a message that finds its mailbox full; `wait` by default. */
  readonly onFull?: FullPolicy;
  /**
   * What becomes of messages to an instance that has failed: dead letters (`dead-letter`, the default), or they
   * `wait` in its mailbox until it is restarted.
   */
  readonly onFailure?: FailurePolicy;
  /**
   * A handler that faults leaves the state of its instance as it found it; what it sent stays sent. Costs a copy of the
   * state for each message. Needs a device with the capability `rollback`.
   */
  readonly rollback?: boolean;
  /**
   * Each instance has a part of the device for itself, which only waits for its messages: the least latency, for few
   * instances. Needs a device with the capability `dedicated`.
   */
  readonly dedicated?: boolean;
  /** Whether the kernel is active when `launch` resolves, true by default. */
  readonly autoActivate?: boolean;
  /** What the kernel is found by in the registry, beside its id. */
  readonly tags?: readonly string[];
  /**
   * What messages pass that come in over the host: from the program, the broker and topics. Between actors of one
   * device `queueCapacity` and `onFull` do the work.
   */
  readonly entrance?: EntranceOptions;
  /** How long the `dedupeId` of a message is remembered. */
  readonly dedupe?: DedupeOptions;
  /** To whom the kernel belongs: one that `runtime.tenants` knows. */
  readonly tenant?: string;
  /** Whose budget the kernel uses up: an engagement of its tenant. */
  readonly engagement?: string;
}

/** How a message is sent. */
export interface DeliveryOptions {
  /** `normal` by default. */
  readonly priority?: PriorityName;
  /**
   * Milliseconds from now in which the message must begin to be handled, or it becomes a dead letter (`expired`);
   * in lockstep: rounds.
   */
  readonly deadlineMs?: number;
  /** What the answer is fetched by with `receiveCorrelated`: 1n to 2^63 - 1. */
  readonly correlation?: bigint;
}

export interface SendOptions extends DeliveryOptions {
  /** A message whose `dedupeId` was sent to this kernel before is not sent again: the first one's id is the answer. */
  readonly dedupeId?: DedupeId;
  /** How long to wait for room in the mailbox, 5,000 by default. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface CallOptions {
  readonly priority?: PriorityName;
  readonly deadlineMs?: number;
  /** How long to wait for room and for the reply together, 30,000 by default. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface ReplayOptions {
  /** How long each message waits for room in its mailbox, 5,000 by default. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface ReceiveOptions {
  /** 30,000 by default for one message; without a limit in `for await` unless it is given. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface TerminateOptions {
  /** How long to handle what waits in the mailboxes; 0: not at all. */
  readonly timeoutMs?: number;
}

export const runtimeOptionNames: readonly string[] = [
  'backend',
  'device',
  'schedule',
  'backendOptions',
  'seed',
  'nodeId',
  'deadLetterCapacity',
  'deadLetterBytes',
  'deadLetterAgeMs',
  'k2k',
  'maxRetained',
  'compiled',
  'compiledOnly',
];
export const launchOptionNames: readonly string[] = [
  'id',
  'instances',
  'maxInstances',
  'queueCapacity',
  'outputQueueCapacity',
  'onFull',
  'onFailure',
  'rollback',
  'dedicated',
  'autoActivate',
  'tags',
  'entrance',
  'dedupe',
  'tenant',
  'engagement',
];
export const deliveryOptionNames: readonly string[] = ['priority', 'deadlineMs', 'correlation'];
export const sendOptionNames: readonly string[] = [
  ...deliveryOptionNames,
  'dedupeId',
  'timeoutMs',
  'signal',
];
export const callOptionNames: readonly string[] = ['priority', 'deadlineMs', 'timeoutMs', 'signal'];
export const receiveOptionNames: readonly string[] = ['timeoutMs', 'signal'];
export const terminateOptionNames: readonly string[] = ['timeoutMs'];

/** Refuses what is no object, and names that nobody knows. */
export function checkNames(options: object, known: readonly string[], subject: string): void {
  if (typeof options !== 'object' || options === null) {
    throw new InvalidOptionError(subject, 'an object', options);
  }
  for (const name in options) {
    if (known.includes(name)) continue;
    const nearest = nearestName(name, known);
    throw new InvalidOptionError(
      name,
      `one of ${known.join(', ')}`,
      'a name nobody knows',
      nearest === undefined ? {} : { hint: `is it '${nearest}'?` },
    );
  }
}

export function checkInteger(option: string, value: unknown, least: number, most: number): number {
  if (Number.isInteger(value) && (value as number) >= least && (value as number) <= most) {
    return value as number;
  }
  throw new InvalidOptionError(option, `a whole number from ${least} to ${most}`, value);
}

export function checkOneOf<T extends string>(
  option: string,
  value: unknown,
  words: readonly T[],
): T {
  const found = words.find((word) => word === value);
  if (found !== undefined) return found;
  throw new InvalidOptionError(option, `one of ${words.join(', ')}`, value);
}

/** Milliseconds to wait; infinity is for ever. */
export function checkTimeout(value: unknown, option = 'timeoutMs'): number {
  if (typeof value === 'number' && value >= 0) return value;
  throw new InvalidOptionError(option, 'a number of at least 0', value);
}

export function checkSignal(value: unknown): AbortSignal {
  if (value instanceof AbortSignal) return value;
  throw new InvalidOptionError('signal', 'an AbortSignal', value);
}

/** The code of a priority name; 1 (`normal`) when left out. */
export function priorityCodeOf(value: unknown): number {
  if (value === undefined) return 1;
  const code = priorityNames.indexOf(value as PriorityName);
  if (code >= 0) return code;
  throw new InvalidOptionError('priority', `one of ${priorityNames.join(', ')}`, value);
}

export function checkDeadline(value: unknown): number {
  if (typeof value === 'number' && value >= 0 && value <= maxDeadlineMs) return value;
  throw new InvalidOptionError('deadlineMs', `a number from 0 to ${maxDeadlineMs}`, value);
}

export function checkDedupeId(value: unknown): DedupeId {
  if (typeof value === 'bigint' || (typeof value === 'string' && value !== '')) return value;
  throw new InvalidOptionError('dedupeId', 'a text or bigint', value);
}

const maxCorrelation = 2n ** 63n - 1n;

export function checkCorrelation(value: unknown): bigint {
  if (typeof value === 'bigint' && value >= 1n && value <= maxCorrelation) return value;
  throw new InvalidOptionError('correlation', 'a bigint from 1n to 2^63 - 1', value);
}
