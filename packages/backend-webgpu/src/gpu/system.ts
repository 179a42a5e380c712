import type { Gpu } from './api.ts';
import { lacksVulkanLoader } from './vulkan-loader.ts';

/** Where WebGPU comes from, or why there is none. */
export type GpuSystem =
  | { readonly gpu: Gpu }
  | { readonly code: string; readonly reason: string; readonly hint: string };

/** Dawn crashes when its instance is collected, so one lives as long as the process. */
const pinned: unique symbol = Symbol.for('ringkernel.webgpu.gpu') as never;

interface Place {
  [pinned]?: Gpu;
  navigator?: { gpu?: Gpu };
}

/** `navigator.gpu` where there is one, else Dawn from the optional package `webgpu`. Never rejects. */
export async function gpuSystem(): Promise<GpuSystem> {
  const place = globalThis as unknown as Place;
  const known = place[pinned] ?? place.navigator?.gpu;
  if (known !== undefined) return { gpu: known };
  if (lacksVulkanLoader()) {
    return {
      code: 'RK_WEBGPU_NO_LOADER',
      reason: 'there is no Vulkan loader',
      hint: 'install libvulkan1 and the Vulkan driver of the GPU',
    };
  }
  try {
    // A name in a variable: bundlers for browsers must not look for it.
    const specifier = 'webgpu';
    const { create } = (await import(specifier)) as { create: (flags: string[]) => Gpu };
    place[pinned] = create([]);
    return { gpu: place[pinned] };
  } catch (error) {
    return refusal(error);
  }
}

function refusal(error: unknown): GpuSystem {
  const { code, message } = error as { code?: string; message?: string };
  if (code === 'ERR_MODULE_NOT_FOUND') {
    return {
      code: 'RK_WEBGPU_NOT_INSTALLED',
      reason: 'the package webgpu is not installed',
      hint: 'npm install webgpu@0.6.2',
    };
  }
  return {
    code: 'RK_WEBGPU_NOT_LOADED',
    reason: `the package webgpu does not load: ${message ?? String(error)}`,
    hint: 'its binaries need glibc 2.34 and are made for x64 and arm64; use webgpu@0.6.2',
  };
}
