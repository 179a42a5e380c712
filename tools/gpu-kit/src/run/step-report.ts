import type { Measured } from './report.ts';

/** What the conformance suite or a bench prints as JSON. */
export interface StepReport {
  readonly results?: Readonly<Record<string, readonly Measured[]>>;
  readonly skipped?: unknown;
  readonly passed?: number;
  readonly failed?: number;
}

/** The last line of it that is such a report: tools that run a program print more behind it. */
export function reportIn(output: string): StepReport | null {
  const line = output.split('\n').findLast((one) => one.startsWith('{'));
  try {
    return line === undefined ? null : (JSON.parse(line) as StepReport);
  } catch {
    return null; // it was cut off
  }
}

/** How many cases of the suite went how. */
export function countsOf({ passed, failed, skipped: left }: StepReport): string {
  return `${passed} passed, ${failed} failed, ${left} skipped`;
}
