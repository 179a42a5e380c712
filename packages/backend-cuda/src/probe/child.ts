import type { FoundDevice } from '../native/addon.ts';
import { systemLibraries } from '../native/libraries.ts';
import { loadAddon } from '../native/load.ts';

/** What the child process of a probe prints, as JSON. */
export interface ProbeReport {
  readonly driver?: string;
  readonly devices?: readonly FoundDevice[];
  readonly error?: { readonly code: string; readonly message: string };
}

/** Starts the driver and looks at its devices. Only in a process that may crash: drivers do when they don't fit. */
export function look(): ProbeReport {
  try {
    const addon = loadAddon();
    const { driver } = systemLibraries();
    const { path, version } = addon.findDriver(driver);
    const cuda = `${Math.floor(version / 1000)}.${Math.floor((version % 1000) / 10)}`;
    return { driver: `CUDA ${cuda} (${path})`, devices: addon.listDevices(driver) };
  } catch (thrown) {
    const { code, message } = Object(thrown) as {
      readonly code?: string;
      readonly message?: string;
    };
    return { error: { code: code ?? 'RK_CUDA_DRIVER', message: message ?? String(thrown) } };
  }
}
