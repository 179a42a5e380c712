import type { BackendFactory, DeviceOptions } from '@ringkernel/core';
import { Bench } from './bench.ts';

/** What whoever runs a case hands it: `@ringkernel/conformance` has it. */
export interface CaseContext {
  readonly factory: BackendFactory;
  readonly device: DeviceOptions;
  readonly equal: (actual: unknown, expected: unknown, what: string) => void;
  readonly ok: (condition: boolean, what: string) => void;
}

/** One statement about what runtimes do on any backend. */
export interface RuntimeCase {
  readonly group: string;
  readonly name: string;
  /** Capabilities the device must have. */
  readonly requires: readonly string[];
  readonly run: (context: CaseContext) => Promise<void>;
}

type Body = (bench: Bench) => Promise<void>;

export interface CaseList {
  readonly cases: readonly RuntimeCase[];
  add(name: string, body: Body, requires?: readonly string[]): void;
}

/** Collects the cases of one group. Every runtime that a case made loses nothing, and is closed. */
export function caseList(group: string): CaseList {
  const cases: RuntimeCase[] = [];
  return {
    cases,
    add(name, body, requires = []) {
      const run = async (context: CaseContext): Promise<void> => {
        const bench = new Bench(context);
        try {
          await body(bench);
          await bench.expectNothingLost();
        } finally {
          await bench.close();
        }
      };
      cases.push({ group, name, requires, run });
    },
  };
}
