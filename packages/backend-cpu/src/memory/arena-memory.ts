import type { SharedMemory } from '@ringkernel/core';

const pageBytes = 65_536;

interface MemoryConstructor {
  new (size: { initial: number; maximum: number; shared: true }): SharedMemory;
}

/**
 * Memory for an arena. A WebAssembly memory where there is one: to JavaScript it is a SharedArrayBuffer like any other,
 * and WebAssembly's atomic operations, which cost half, work on it. It never grows, so views of it stay valid.
 */
export function allocateArena(sizeBytes: number): SharedMemory | SharedArrayBuffer {
  const engine = (globalThis as { readonly WebAssembly?: { readonly Memory: MemoryConstructor } })
    .WebAssembly;
  const pages = Math.ceil(sizeBytes / pageBytes);
  if (engine === undefined) return new SharedArrayBuffer(pages * pageBytes);
  return new engine.Memory({ initial: pages, maximum: pages, shared: true });
}

export function bufferOf(memory: SharedMemory | SharedArrayBuffer): SharedArrayBuffer {
  return memory instanceof SharedArrayBuffer ? memory : memory.buffer;
}
