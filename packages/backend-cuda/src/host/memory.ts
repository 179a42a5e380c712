import type { SharedMemory } from '@ringkernel/core';
import { typedError } from '../errors.ts';
import type { Addon, Handle } from '../native/addon.ts';
import type { HostMemoryKind } from '../options.ts';

/** Memory that the host reads and writes as arrays and the device through its address. */
export interface MappedMemory {
  readonly buffer: ArrayBufferLike;
  readonly handle: Handle;
  readonly device: bigint;
}

const pageBytes = 65_536;

interface MemoryConstructor {
  new (size: { initial: number; maximum: number; shared: true }): SharedMemory;
}

/**
 * Zeroed memory that host and device share. Engines that allow no ArrayBuffers over foreign memory (Electron) get a
 * WebAssembly memory, which never moves, locked for the device.
 */
export function mapMemory(
  addon: Addon,
  context: Handle,
  bytes: number,
  kind: HostMemoryKind,
): MappedMemory {
  if (kind === 'driver') {
    try {
      return addon.allocateHost(context, bytes);
    } catch (thrown) {
      const { code } = Object(thrown) as { readonly code?: string };
      if (code !== 'RK_CUDA_NO_EXTERNAL_BUFFERS') throw typedError(thrown);
    }
  }
  const pages = Math.ceil(bytes / pageBytes);
  const { WebAssembly } = globalThis as unknown as {
    readonly WebAssembly: { readonly Memory: MemoryConstructor };
  };
  const { buffer } = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  try {
    const { handle, device } = addon.registerHost(context, new Uint8Array(buffer));
    return { buffer, handle, device };
  } catch (thrown) {
    throw typedError(thrown);
  }
}
