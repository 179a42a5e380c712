import type { BackendFactory, Device, DeviceInfo, DeviceOptions } from '@ringkernel/core';
import { ConformanceError } from './assert.ts';
import { type Case, type Group, groups } from './case.ts';
import { allCases } from './groups/index.ts';
import { Harness } from './harness.ts';
import { ReferenceDevice } from './reference/device.ts';

export interface Outcome {
  readonly group: Group;
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
  readonly groups: Partial<Record<Group, Counts>>;
  readonly outcomes: readonly Outcome[];
}

export interface RunOptions {
  /** Only cases of this group. */
  readonly group?: string;
  /** Only cases whose name contains this. */
  readonly only?: string;
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
export function skipReason(test: Case, info: DeviceInfo): string | null {
  const lacking = (test.requires ?? []).filter((c) => !info.capabilities.includes(c));
  return lacking.length > 0 ? `${info.name} lacks ${lacking.join(', ')}` : null;
}

function select(options: RunOptions): readonly Case[] {
  return allCases.filter(
    (c) =>
      (options.group === undefined || c.group === options.group) &&
      (options.only === undefined || c.name.includes(options.only)),
  );
}

async function outcomeOf(
  factory: BackendFactory,
  info: DeviceInfo,
  test: Case,
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
    await Promise.race([runCase(factory, test, { deviceId: info.id, ...options.device }), late]);
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
  const present = groups.filter((g) => outcomes.some((o) => o.group === g));
  const byGroup = present.map((g) => [g, count(outcomes.filter((o) => o.group === g))]);
  return { backend, device, ...count(outcomes), groups: Object.fromEntries(byGroup), outcomes };
}
