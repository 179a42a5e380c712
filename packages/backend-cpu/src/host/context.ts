import type { MessageIdGenerator } from '@ringkernel/core';
import type { KernelMeter } from '../memory/meter.ts';
import type { Crew } from './crew.ts';
import type { HostRounds } from './host-rounds.ts';
import type { Pump } from './pump.ts';

/** What a kernel shares with its device. */
export interface KernelContext {
  readonly crew: Crew;
  readonly pump: Pump;
  readonly ids: MessageIdGenerator;
  /** In lockstep. */
  readonly rounds: HostRounds | null;
  readonly workers: number;
  readonly handlerTimeoutMs: number;
  /** Where a record is written that the lane has no room for. */
  readonly scratch: number;
  /** The kernel has counts to flush before anything is published. */
  mark(meter: KernelMeter): void;
}
