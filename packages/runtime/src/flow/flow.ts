import type { DeviceKernel } from '@ringkernel/core';
import { CountedDoor } from './counted-door.ts';
import { CreditGate, type Door } from './credit-gate.ts';
import { DedupeWindow } from './dedupe-window.ts';
import type { DedupeOptions, WaterMarks } from './options.ts';
import { type Limit, RateLimits } from './rate-limiter.ts';

/** What a launch said about flow, checked. */
export interface FlowSettings {
  readonly limits: readonly Limit[];
  /** Whether somebody asks what came from actors. */
  readonly counted: boolean;
  readonly waterMarks: Required<WaterMarks> | undefined;
  readonly dedupe: Required<DedupeOptions>;
}

/** How messages from the host flow into a kernel. */
export interface FlowMetrics {
  /** Messages that will be taken before the next look at what waits; undefined without water marks. */
  readonly credits: number | undefined;
  /** Whether senders are held back now because of the high-water mark. */
  readonly held: boolean;
  /** How often the high-water mark was reached. */
  readonly holds: number;
  /** Messages refused because a rate limit was over. They count as sent and rejected, too. */
  readonly rateLimited: number;
  /** Messages not sent because their `dedupeId` had been. They do not count as sent. */
  readonly duplicates: number;
}

/** All that stands between a sender and the mailboxes of a kernel. */
export class Flow {
  readonly door: Door;
  readonly limits: RateLimits;
  readonly dedupe: DedupeWindow;
  readonly gate: CreditGate | undefined;
  readonly #counted: CountedDoor | undefined;

  constructor(device: DeviceKernel, settings: FlowSettings, nowMs: () => number) {
    const { limits, counted, waterMarks, dedupe } = settings;
    this.limits = new RateLimits(limits, nowMs);
    this.dedupe = new DedupeWindow(dedupe.windowMs, dedupe.capacity, nowMs);
    this.gate = waterMarks && new CreditGate(device, waterMarks.highWater, waterMarks.lowWater);
    this.#counted = counted ? new CountedDoor(this.gate ?? device) : undefined;
    this.door = this.#counted ?? this.gate ?? device;
  }

  /** Messages of the host that mailboxes took; counted only when the settings say so. */
  get taken(): number {
    return this.#counted?.taken ?? 0;
  }

  metrics(): FlowMetrics {
    const { gate, limits, dedupe } = this;
    return {
      credits: gate?.credits,
      held: gate?.held ?? false,
      holds: gate?.holds ?? 0,
      rateLimited: limits.refused,
      duplicates: dedupe.duplicates,
    };
  }
}
