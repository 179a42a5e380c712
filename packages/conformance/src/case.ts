import type { Schedule } from '@ringkernel/core';
import type { Harness } from './harness.ts';

/** The groups of the suite, in the order they run. */
export const groups = [
  'lifecycle',
  'messaging',
  'ordering',
  'state',
  'numbers',
  'sections',
  'k2k',
  'flow',
  'dead-letters',
  'faults',
  'supervision',
  'instances',
  'tenants',
  'telemetry',
  'lockstep',
] as const;

export type Group = (typeof groups)[number];

/**
 * One statement about the machine model. Lockstep cases run on the device and on the reference machine, and what the
 * host saw, the final states and the counters must be the same; `check` adds what must be true on both.
 */
export interface Case {
  readonly group: Group;
  readonly name: string;
  readonly schedule: Schedule;
  /** Capabilities the device must have, else the case is skipped. */
  readonly requires?: readonly string[];
  readonly run: (harness: Harness) => Promise<void>;
}

type Run = Case['run'];

export interface CaseList {
  readonly cases: readonly Case[];
  async(name: string, run: Run, requires?: readonly string[]): void;
  lockstep(name: string, run: Run, requires?: readonly string[]): void;
}

/** Collects the cases of one group. */
export function caseList(group: Group): CaseList {
  const cases: Case[] = [];
  const add =
    (schedule: Schedule) =>
    (name: string, run: Run, requires: readonly string[] = []) => {
      cases.push({ group, name, schedule, run, requires });
    };
  return { cases, async: add('async'), lockstep: add('lockstep') };
}
