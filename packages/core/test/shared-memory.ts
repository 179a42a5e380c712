import type { SharedMemory } from '@ringkernel/core';

interface Engine {
  readonly Memory: new (limits: {
    readonly initial: number;
    readonly maximum: number;
    readonly shared: true;
  }) => SharedMemory;
}

/** A shared WebAssembly memory of at least so many bytes. */
export function sharedMemory(bytes: number): SharedMemory {
  const { Memory } = (globalThis as unknown as { readonly WebAssembly: Engine }).WebAssembly;
  const initial = Math.ceil(bytes / 65_536);
  return new Memory({ initial, maximum: initial, shared: true });
}
