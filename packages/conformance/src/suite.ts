import type { BackendFactory, DeviceOptions } from '@ringkernel/core';
import { equal, ok } from './assert.ts';

/** What a case of a suite gets: the backend under test, and how to say that something is not as it must be. */
export interface SuiteContext {
  readonly factory: BackendFactory;
  /** What to open devices with, besides the schedule and the seed, which are the case's. */
  readonly device: DeviceOptions;
  /** Throws unless both are the same, also for bigint, NaN and byte arrays. */
  readonly equal: (actual: unknown, expected: unknown, what: string) => void;
  /** Throws unless the condition holds. */
  readonly ok: (condition: boolean, what: string) => void;
}

/** One statement of a suite. */
export interface SuiteCase {
  readonly group: string;
  readonly name: string;
  /** Capabilities the device must have, else the case is skipped. */
  readonly requires?: readonly string[];
  readonly run: (context: SuiteContext) => Promise<void>;
}

/**
 * Cases of somebody who builds on the contract. The conformance suite knows nothing of them: who runs it hands them
 * over, and they need no import from here, since everything comes with the context.
 */
export interface Suite {
  readonly cases: readonly SuiteCase[];
}

/** Runs one case of a suite; throws what it has against the backend. */
export async function runSuiteCase(
  factory: BackendFactory,
  test: SuiteCase,
  device: DeviceOptions = {},
): Promise<void> {
  await test.run({ factory, device, equal, ok });
}
