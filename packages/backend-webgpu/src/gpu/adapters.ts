import type { DeviceInfo } from '@ringkernel/core';
import type { PowerPreference } from '../options.ts';
import type { Gpu, GpuAdapter } from './api.ts';

/** An adapter, and how the runtime sees it. */
export interface FoundAdapter {
  readonly info: DeviceInfo;
  readonly adapter: GpuAdapter;
}

/**
 * What the system has: the adapter for each power preference, and the software one. WebGPU does not list adapters,
 * these are the ways to ask for one.
 */
export async function findAdapters(gpu: Gpu): Promise<FoundAdapter[]> {
  const found: FoundAdapter[] = [];
  const wishes = [
    { powerPreference: 'high-performance' },
    { powerPreference: 'low-power' },
    { forceFallbackAdapter: true },
  ] as const;
  for (const wish of wishes) {
    const adapter = await gpu.requestAdapter(wish).catch(() => null);
    if (adapter === null) continue;
    const info = describe(adapter, found.length);
    if (found.some((other) => sameHardware(other.info, info))) continue;
    found.push({ adapter, info });
  }
  return found;
}

/** A fresh adapter of the one named: each opens one device only. */
export async function requestAdapter(
  gpu: Gpu,
  deviceId: string | undefined,
  powerPreference: PowerPreference | null,
): Promise<{ readonly found: FoundAdapter | null; readonly known: readonly string[] }> {
  if (deviceId === undefined && powerPreference !== null) {
    const adapter = await gpu.requestAdapter({ powerPreference });
    if (adapter === null) return { found: null, known: [] };
    return { found: { adapter, info: describe(adapter, 0) }, known: [] };
  }
  const all = await findAdapters(gpu);
  const found = all.find(({ info }) => deviceId === undefined || matches(info, deviceId)) ?? null;
  return { found, known: all.map(({ info }) => `${info.id} (${info.name})`) };
}

/** By id, or by a part of the name. */
function matches({ id, name }: DeviceInfo, wanted: string): boolean {
  return id === wanted || name.toLowerCase().includes(wanted.toLowerCase());
}

function sameHardware(a: DeviceInfo, b: DeviceInfo): boolean {
  return a.name === b.name && a.driver === b.driver && a.kind === b.kind;
}

function describe({ info, limits }: GpuAdapter, index: number): DeviceInfo {
  const { vendor, architecture, device, description } = info;
  const software = info.isFallbackAdapter === true || /swiftshader|llvmpipe/iu.test(device);
  const name = [device, `${vendor} ${architecture}`.trim()].find((text) => text !== '');
  return {
    id: `webgpu:${index}`,
    backend: 'webgpu',
    name: name ?? 'GPU',
    kind: software ? 'software' : 'gpu',
    memoryBytes: limits.maxBufferSize,
    // WebGPU does not say how many there are.
    computeUnits: 1,
    ...(description !== '' && { driver: description }),
    capabilities: ['i64', 'rollback', 'tenants'],
  };
}
