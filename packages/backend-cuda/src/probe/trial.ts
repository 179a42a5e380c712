import { fileURLToPath } from 'node:url';
import { InvalidOptionError, longestTimerMs } from '@ringkernel/core';
import { CudaTrialError, type TrialFailure } from '../errors.ts';
import { cudaOptions } from '../options.ts';
import type { ProgramOrigin } from '../program/build.ts';
import { runChild } from './child-process.ts';

/** A compiler, and the driver's own, may take seconds for the first program. */
const usualPatienceMs = 60_000;

export interface TrialOptions {
  /** The device, as `probe()` names it; the first when left out. */
  readonly deviceId?: string;
  /** As for `open`. */
  readonly backendOptions?: Readonly<Record<string, unknown>>;
  /** How long the process may take, milliseconds; 60,000 when left out. */
  readonly timeoutMs?: number;
}

/** A device on which a message went there and back. */
export interface Trial {
  readonly deviceId: string;
  /** Where the programs came from that it ran. They are in the cache now. */
  readonly origins: readonly ProgramOrigin[];
}

/** What the child process prints. */
export interface TrialReport {
  readonly trial?: Trial;
  readonly failure?: TrialFailure;
}

/**
 * Whether a device really runs kernels: one message goes to it and back, in a process of its own, because drivers that do
 * not fit crash or hang. Takes about as long as opening a device. Rejects with `CudaTrialError`, whose `failure` says with
 * what it ended, and with `InvalidOptionError`.
 */
export async function tryDevice(options: TrialOptions = {}): Promise<Trial> {
  const { deviceId, backendOptions = {}, timeoutMs = usualPatienceMs } = options;
  check(options, timeoutMs); // a mistake is told here, not as a failure of the device
  cudaOptions(backendOptions);
  const script = fileURLToPath(new URL('./trial-main.js', import.meta.url));
  const given = JSON.stringify({ deviceId, backendOptions });
  const { output, ended } = await runChild(script, [given], timeoutMs);
  if (ended !== null) {
    const message = `the process that tried it ${ended}`;
    throw new CudaTrialError({ code: 'RK_CUDA_CRASHED', message, reasons: [] });
  }
  const { trial, failure } = reportOf(output);
  if (trial !== undefined) return trial;
  throw new CudaTrialError(failure as TrialFailure);
}

function check(options: TrialOptions, timeoutMs: number): void {
  const known = ['deviceId', 'backendOptions', 'timeoutMs'];
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new InvalidOptionError(unknown, `one of ${known.join(', ')}`, 'a name nobody knows');
  }
  if (Number.isInteger(timeoutMs) && timeoutMs >= 1 && timeoutMs <= longestTimerMs) return;
  throw new InvalidOptionError(
    'timeoutMs',
    `whole milliseconds up to ${longestTimerMs}`,
    timeoutMs,
  );
}

/** The last line that the process printed: libraries may print before it. */
export function reportOf(output: string): TrialReport {
  const line = output.trimEnd().split('\n').at(-1) ?? '';
  try {
    return JSON.parse(line) as TrialReport;
  } catch {
    const message = `the process that tried it printed no report, but '${line.slice(0, 200)}'`;
    return { failure: { code: 'RK_CUDA_CRASHED', message, reasons: [] } };
  }
}
