import { fileURLToPath } from 'node:url';
import type { DeviceInfo, ProbeResult } from '@ringkernel/core';
import { RingKernelError } from '@ringkernel/core';
import { CudaUnavailableError, typedError } from '../errors.ts';
import type { FoundDevice } from '../native/addon.ts';
import { systemLibraries } from '../native/libraries.ts';
import { loadAddon } from '../native/load.ts';
import type { ProbeReport } from './child.ts';
import { runChild } from './child-process.ts';
import { refusals, unusable } from './choice.ts';

/** A driver that hangs is one that can't be used. */
const patienceMs = 30_000;

let found: Promise<ProbeResult> | null = null;

/** The real devices of this machine. Looked up once for the process. */
export function probeDevices(): Promise<ProbeResult> {
  found ??= findDevices();
  return found;
}

async function findDevices(): Promise<ProbeResult> {
  try {
    // Only loads the library: where there is none, no process is started.
    loadAddon().findDriver(systemLibraries().driver);
    return resultOf(await askChild(fileURLToPath(new URL('./main.js', import.meta.url))));
  } catch (thrown) {
    return refusal(typedError(thrown));
  }
}

/** Runs a script that prints a `ProbeReport`; what became of it when it does not. */
export async function askChild(script: string): Promise<ProbeReport> {
  const { output, ended } = await runChild(script, [], patienceMs);
  if (ended === null) return JSON.parse(output) as ProbeReport;
  const message = `a process that started the driver ${ended}`;
  return { error: { code: 'RK_CUDA_DRIVER', message } };
}

/** A probe's report as the contract wants it. */
export function resultOf({ driver, devices, error }: ProbeReport): ProbeResult {
  if (error !== undefined) return refusal(typedError(error));
  const usable = (devices ?? []).filter((device) => unusable(device) === null);
  if (usable.length === 0) {
    const reason = `no device can be used: ${refusals(devices ?? []).join('; ')}`;
    return { available: false, code: CudaUnavailableError.code, reason };
  }
  return { available: true, devices: usable.map((device) => deviceInfo(device, driver)) };
}

export function deviceInfo(device: FoundDevice, driver: string | undefined): DeviceInfo {
  return {
    id: device.uuid,
    ordinal: device.ordinal,
    backend: 'cuda',
    name: device.name,
    kind: 'gpu',
    memoryBytes: device.memoryBytes,
    computeUnits: device.multiprocessors,
    ...(driver !== undefined && { driver }),
    capabilities: ['f64', 'i64', 'rollback', 'dedicated', 'tenants'],
  };
}

function refusal(error: unknown): ProbeResult {
  const typed = error instanceof RingKernelError ? error : null;
  const code = typed?.code ?? CudaUnavailableError.code;
  const hint = typed?.hint === undefined ? {} : { hint: typed.hint };
  return { available: false, code, reason: reasonOf(error), ...hint };
}

/** On one line, without the hint, which goes beside it. */
function reasonOf(error: unknown): string {
  if (error instanceof CudaUnavailableError) return error.summary;
  const text = String((Object(error) as { readonly message?: unknown }).message ?? error);
  return text.replaceAll('\n', '; ');
}
