import {
  type BackendFactory,
  type BackendRefusal,
  BackendUnavailableError,
  type Device,
  type DeviceInfo,
  type DeviceOptions,
  InvalidOptionError,
  type ProbeResult,
} from '@ringkernel/core';

/** What was found out about one backend, and whether it is the one. */
export interface Selection {
  readonly backend: string;
  readonly chosen: boolean;
  /** Why it was chosen, or why not. */
  readonly reason: string;
  readonly hint?: string;
  /** The device that was opened. */
  readonly device?: DeviceInfo;
}

export interface SelectedDevice {
  readonly device: Device;
  /** An entry for each backend that was asked for or could have been. */
  readonly selection: readonly Selection[];
}

/** In the order in which `auto` tries them. */
export const backendNames = ['cuda', 'webgpu', 'cpu'] as const;

/** Loads the package of a backend; what it says when it is not there. */
async function load(name: string): Promise<BackendFactory | BackendRefusal> {
  const specifier = `@ringkernel/backend-${name}`;
  try {
    const loaded: { readonly backend?: BackendFactory } = await import(specifier);
    if (isFactory(loaded.backend)) return loaded.backend;
    return { backend: name, reason: `${specifier} exports no backend` };
  } catch (error) {
    const reason = reasonOf(error);
    const { code } = Object(error) as { readonly code?: unknown };
    // What it needs may be missing too: only its own name says that it is not installed.
    if (code === 'ERR_MODULE_NOT_FOUND' && reason.includes(`'${specifier}'`)) {
      return { backend: name, reason: 'not installed', hint: `install ${specifier}` };
    }
    return { backend: name, reason: `${specifier} could not be loaded: ${reason}` };
  }
}

/** What was thrown, in its own words. */
function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export function isFactory(value: unknown): value is BackendFactory {
  if (typeof value !== 'object' || value === null) return false;
  const { name, probe, open } = value as Partial<BackendFactory>;
  return typeof name === 'string' && typeof probe === 'function' && typeof open === 'function';
}

/** The device to open: the one asked for by id, by its ordinal (`cuda:1`), or by a part of its name, or the first that is no software. */
function pick(
  name: string,
  devices: readonly DeviceInfo[],
  wanted: string | undefined,
): DeviceInfo | BackendRefusal {
  if (wanted !== undefined) {
    const part = wanted.toLowerCase();
    // Not the processor: who names a GPU's maker does not mean that one's processors.
    const named = ({ kind, name: own }: DeviceInfo): boolean =>
      part !== '' && kind !== 'cpu' && own.toLowerCase().includes(part);
    const numbered = ({ ordinal }: DeviceInfo): boolean =>
      ordinal !== undefined && wanted === `${name}:${ordinal}`;
    const found =
      devices.find(({ id }) => id === wanted) ?? devices.find(numbered) ?? devices.find(named);
    if (found !== undefined) return found;
    const known = devices.map(({ id, name: own }) => `${id} (${own})`).join(', ') || 'none';
    return { backend: name, reason: `no device '${wanted}', there are: ${known}` };
  }
  const real = devices.find(({ kind }) => kind !== 'software');
  if (real !== undefined) return real;
  const software = devices[0];
  if (software === undefined) return { backend: name, reason: 'no devices' };
  return {
    backend: name,
    reason: `only software devices: ${software.name}`,
    hint: `pass device: '${software.id}' to use it all the same`,
  };
}

/** A backend's own open and probe never throw by contract; one that does is refused with what it said. */
async function probe(factory: BackendFactory): Promise<ProbeResult> {
  try {
    return await factory.probe();
  } catch (error) {
    const reason = `probe failed: ${reasonOf(error)}`;
    return { available: false, code: 'RK_BACKEND_UNAVAILABLE', reason };
  }
}

interface Attempt {
  readonly name: string;
  readonly device?: Device;
  readonly refusal?: BackendRefusal;
  readonly cause?: unknown;
}

async function attempt(factory: BackendFactory, options: DeviceOptions): Promise<Attempt> {
  const { name } = factory;
  const result = await probe(factory);
  if (!result.available) {
    const { reason, hint } = result;
    return { name, refusal: { backend: name, reason, ...(hint === undefined ? {} : { hint }) } };
  }
  const picked = pick(name, result.devices, options.deviceId);
  if ('reason' in picked) return { name, refusal: picked };
  try {
    // A backend opens its first device by itself, and may have options of its own that say which that is.
    const first = options.deviceId === undefined && picked === result.devices[0];
    const device = await factory.open(first ? options : { ...options, deviceId: picked.id });
    if (options.schedule === undefined || device.schedule === options.schedule) {
      return { name, device };
    }
    await device.close();
    const reason = `wanted the schedule '${options.schedule}', found '${device.schedule}'`;
    return { name, refusal: { backend: name, reason: `open failed: ${reason}` } };
  } catch (error) {
    // The user's own mistake: another backend would not understand it either, and it must not pass in silence.
    if (error instanceof InvalidOptionError) throw error;
    const reason = `open failed: ${reasonOf(error)}`;
    return { name, refusal: { backend: name, reason }, cause: error };
  }
}

/**
 * Opens the backend asked for, or with `auto` the first that can be used. Throws `BackendUnavailableError` with the
 * reasons of all that were tried.
 */
export async function select(
  wanted: string | BackendFactory,
  options: DeviceOptions,
): Promise<SelectedDevice> {
  const auto = wanted === 'auto';
  const candidates = auto ? backendNames : [wanted];
  const selection: Selection[] = [];
  const refusals: BackendRefusal[] = [];
  let opened: Device | undefined;
  let cause: unknown;
  for (const candidate of candidates) {
    const name = typeof candidate === 'string' ? candidate : candidate.name;
    if (opened !== undefined) {
      const reason = `not needed: ${opened.info.backend} is usable`;
      selection.push({ backend: name, chosen: false, reason });
      continue;
    }
    const factory = typeof candidate === 'string' ? await load(candidate) : candidate;
    const tried: Attempt = isFactory(factory)
      ? await attempt(factory, options)
      : { name, refusal: factory };
    if (tried.device !== undefined) {
      opened = tried.device;
      const reason = auto ? 'the first that can be used' : 'asked for';
      selection.push({ backend: name, chosen: true, reason, device: opened.info });
    } else if (tried.refusal !== undefined) {
      cause ??= tried.cause;
      refusals.push(tried.refusal);
      selection.push({ ...tried.refusal, chosen: false });
    }
  }
  const name = typeof wanted === 'string' ? wanted : wanted.name;
  if (opened !== undefined) {
    const others = auto ? [] : backendNames.filter((other) => other !== name);
    const reason = `not needed: ${name} was asked for`;
    selection.push(...others.map((backend) => ({ backend, chosen: false, reason })));
    return { device: opened, selection };
  }
  throw new BackendUnavailableError(name, refusals, cause === undefined ? {} : { cause });
}
