import type { BackendFactory, Device, DeviceInfo, DeviceOptions } from '@ringkernel/core';
import { ConformanceError } from './assert.ts';
import type { Case } from './case.ts';
import { allCases } from './groups/index.ts';
import { Harness } from './harness.ts';
import { ReferenceDevice } from './reference/device.ts';
import { runSuiteCase, type Suite, type SuiteCase } from './suite.ts';

export interface Outcome {
  readonly group: string;
  readonly name: string;
  readonly result: 'passed' | 'failed' | 'skipped';
  /** Why it failed or was skipped. */
  readonly reason?: string;
}

export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

export interface Report extends Counts {
  readonly backend: string;
  readonly device: string | null;
  readonly groups: Readonly<Record<string, Counts>>;
  readonly outcomes: readonly Outcome[];
}

export interface RunOptions {
  /** Only cases of this group. */
  readonly group?: string;
  /** Only cases whose name contains this. */
  readonly only?: string;
  /** Cases of others, run after these. */
  readonly suites?: readonly Suite[];
  /** Handed to the backend's `open`. */
  readonly device?: DeviceOptions;
  /** Milliseconds one case may take. */
  readonly timeoutMs?: number;
  readonly onOutcome?: (outcome: Outcome) => void;
}

const seed = 42;

/** Runs one case on a fresh device; throws a ConformanceError (or the device's own error) when it fails. */
export async function runCase(
  factory: BackendFactory,
  test: Case,
  options: DeviceOptions = {},
): Promise<void> {
  const candidate = await onDevice(
    await factory.open({ ...options, schedule: test.schedule, seed }),
    test,
  );
  if (test.schedule === 'async') return;
  const reference = await onDevice(new ReferenceDevice({ seed }), test);
  compare(candidate, reference);
}

async function onDevice(device: Device, test: Case): Promise<readonly string[]> {
  const harness = new Harness(device);
  device.ref();
  try {
    await test.run(harness);
    await device.settled();
    for (const kernel of harness.kernels) kernel.checkCounters();
    if (test.schedule === 'lockstep') await harness.conclude();
    return harness.transcript;
  } finally {
    device.unref();
    await device.close();
  }
}

function compare(found: readonly string[], wanted: readonly string[]): void {
  for (let i = 0; i < Math.max(found.length, wanted.length); i++) {
    if (found[i] === wanted[i]) continue;
    throw new ConformanceError(
      `line ${i + 1} of the transcript differs\n  wanted ${wanted[i] ?? '(the end)'}\n  found  ${found[i] ?? '(the end)'}`,
    );
  }
}

/** Why a case can't run on a device, or null. */
export function skipReason(test: Pick<SuiteCase, 'requires'>, info: DeviceInfo): string | null {
  const lacking = (test.requires ?? []).filter((c) => !info.capabilities.includes(c));
  return lacking.length > 0 ? `${info.name} lacks ${lacking.join(', ')}` : null;
}

/** A case of this suite or of another one, as it is run. */
interface Runnable extends Omit<SuiteCase, 'run'> {
  readonly run: (factory: BackendFactory, device: DeviceOptions) => Promise<void>;
}

function select({ group, only, suites = [] }: RunOptions): readonly Runnable[] {
  const own = allCases.map((test): Runnable => {
    return { ...test, run: (factory, device) => runCase(factory, test, device) };
  });
  const others = suites.flatMap(({ cases }) => {
    return cases.map((test): Runnable => {
      return { ...test, run: (factory, device) => runSuiteCase(factory, test, device) };
    });
  });
  return [...own, ...others].filter(
    (c) =>
      (group === undefined || c.group === group) && (only === undefined || c.name.includes(only)),
  );
}

async function outcomeOf(
  factory: BackendFactory,
  info: DeviceInfo,
  test: Runnable,
  options: RunOptions,
): Promise<Outcome> {
  const { group, name } = test;
  const skip = skipReason(test, info);
  if (skip !== null) return { group, name, result: 'skipped', reason: skip };
  const { timeoutMs = 60_000 } = options;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new ConformanceError(`not done after ${timeoutMs} ms`)),
      timeoutMs,
    );
  });
  try {
    await Promise.race([test.run(factory, { deviceId: info.id, ...options.device }), late]);
    return { group, name, result: 'passed' };
  } catch (error) {
    return {
      group,
      name,
      result: 'failed',
      reason: error instanceof Error ? (error.stack ?? error.message) : String(error),
    };
  } finally {
    clearTimeout(timer);
  }
}

/** Runs the suite on the first device of a backend, or the one named in `options.device`. */
export async function runConformance(
  factory: BackendFactory,
  options: RunOptions = {},
): Promise<Report> {
  const probe = await factory.probe();
  const chosen = probe.available
    ? probe.devices.find(
        (d) => options.device?.deviceId === undefined || d.id === options.device.deviceId,
      )
    : undefined;
  const unavailable = probe.available ? `no device ${options.device?.deviceId}` : probe.reason;
  const outcomes: Outcome[] = [];
  for (const test of select(options)) {
    const outcome: Outcome = chosen
      ? await outcomeOf(factory, chosen, test, options)
      : { group: test.group, name: test.name, result: 'skipped', reason: unavailable };
    outcomes.push(outcome);
    options.onOutcome?.(outcome);
  }
  return summarise(factory.name, chosen?.name ?? null, outcomes);
}

function summarise(backend: string, device: string | null, outcomes: readonly Outcome[]): Report {
  const count = (some: readonly Outcome[]): Counts => ({
    passed: some.filter((o) => o.result === 'passed').length,
    failed: some.filter((o) => o.result === 'failed').length,
    skipped: some.filter((o) => o.result === 'skipped').length,
  });
  const present = [...new Set(outcomes.map((o) => o.group))];
  const byGroup = present.map((g) => [g, count(outcomes.filter((o) => o.group === g))]);
  return { backend, device, ...count(outcomes), groups: Object.fromEntries(byGroup), outcomes };
}
