import type { WgslForm } from '@ringkernel/compiler/back-end';
import { InvalidOptionError, type OwnHandlers } from '@ringkernel/core';
import { wgslHandlers } from './own-handlers.ts';

/** What `backendOptions` may say to this backend. */
export interface WebgpuOptions {
  /** Which adapter is opened when `deviceId` names none. */
  readonly powerPreference: PowerPreference | null;
  /** Memory for messages between actors at the start, bytes; it grows as far as the device lets it. */
  readonly heapBytes: number;
  /** Memory for what goes to the host in one submit, bytes; it grows too. */
  readonly egressBytes: number;
  /** Submits under way at once. */
  readonly lanes: number;
  /** How long one submit should run, milliseconds: watchdogs end what runs for seconds. */
  readonly submitMs: number;
  /** Rounds in one submit, at most. */
  readonly ticks: number;
  /** Messages that an instance handles in one round, at most; not in lockstep. */
  readonly messagesPerTick: number;
  /** Who runs an instance: one invocation, or a workgroup that shares the rounds of its sections. */
  readonly form: 'auto' | WgslForm;
  /** WGSL that takes the place of compiled handlers, by `Actor.Message`. */
  readonly handlers: OwnHandlers;
}

export type PowerPreference = 'low-power' | 'high-performance';

const preferences: readonly PowerPreference[] = ['low-power', 'high-performance'];

const ranges = {
  heapBytes: { fallback: 4 << 20, least: 4096, most: 2 ** 31 },
  egressBytes: { fallback: 1 << 20, least: 4096, most: 2 ** 30 },
  lanes: { fallback: 3, least: 1, most: 8 },
  submitMs: { fallback: 20, least: 1, most: 1000 },
  ticks: { fallback: 1024, least: 1, most: 4096 },
  messagesPerTick: { fallback: 256, least: 1, most: 1_000_000 },
} as const;

const forms: readonly WebgpuOptions['form'][] = ['auto', 'thread', 'workgroup'];

const names: readonly string[] = ['powerPreference', 'form', 'handlers', ...Object.keys(ranges)];

/** Checks what the user gave and fills in the rest. Throws `InvalidOptionError`. */
export function webgpuOptions(given: Readonly<Record<string, unknown>> = {}): WebgpuOptions {
  for (const name of Object.keys(given)) {
    if (names.includes(name)) continue;
    throw new InvalidOptionError(name, `one of ${names.join(', ')}`, 'a name nobody knows');
  }
  const integer = (name: keyof typeof ranges): number => {
    const { fallback, least, most } = ranges[name];
    const value = given[name] ?? fallback;
    if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) {
      return value;
    }
    throw new InvalidOptionError(name, `a whole number from ${least} to ${most}`, value);
  };
  return {
    powerPreference: preferenceOf(given.powerPreference),
    heapBytes: integer('heapBytes'),
    egressBytes: integer('egressBytes'),
    lanes: integer('lanes'),
    submitMs: integer('submitMs'),
    ticks: integer('ticks'),
    messagesPerTick: integer('messagesPerTick'),
    form: formOf(given.form),
    handlers: wgslHandlers(given.handlers),
  };
}

function preferenceOf(value: unknown): PowerPreference | null {
  if (value === undefined) return null;
  const found = preferences.find((name) => name === value);
  if (found !== undefined) return found;
  throw new InvalidOptionError('powerPreference', `one of ${preferences.join(', ')}`, value);
}

function formOf(value: unknown = 'auto'): WebgpuOptions['form'] {
  const found = forms.find((name) => name === value);
  if (found !== undefined) return found;
  throw new InvalidOptionError('form', `one of ${forms.join(', ')}`, value);
}
