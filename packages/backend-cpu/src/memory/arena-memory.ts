import type { SharedMemory } from '@ringkernel/core';

const pageBytes = 65_536;

interface MemoryConstructor {
  new (size: { initial: number; maximum: number; shared: true }): SharedMemory;
}

function engine(): { readonly Memory: MemoryConstructor } | undefined {
  return (globalThis as { readonly WebAssembly?: { readonly Memory: MemoryConstructor } })
    .WebAssembly;
}

export function hasWebAssembly(): boolean {
  return engine() !== undefined;
}

/**
 * Memory that WebAssembly can work on, where there is one: to JavaScript it is a SharedArrayBuffer like any other, and
 * WebAssembly's atomic operations, which cost half, work on it. It never grows, so views of it stay valid.
 */
export function allocateShared(sizeBytes: number): SharedMemory | SharedArrayBuffer {
  const found = engine();
  const pages = Math.ceil(sizeBytes / pageBytes);
  if (found === undefined) return new SharedArrayBuffer(pages * pageBytes);
  return new found.Memory({ initial: pages, maximum: pages, shared: true });
}

export function bufferOf(memory: SharedMemory | SharedArrayBuffer): SharedArrayBuffer {
  return memory instanceof SharedArrayBuffer ? memory : memory.buffer;
}
