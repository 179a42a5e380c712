/**
 * The two atomic operations that lanes need, on byte offsets of the arena. They are parameters because node does not
 * inline `Atomics.load` and `Atomics.store`: the same through WebAssembly costs half.
 */
export interface AtomicOps {
  load(byteOffset: number): number;
  store(byteOffset: number, value: number): void;
}

/** The operations of the language itself: right everywhere, and the oracle for the others. */
export function languageAtomics(arena: SharedArrayBuffer): AtomicOps {
  const words = new Int32Array(arena);
  return {
    load: (byteOffset) => Atomics.load(words, byteOffset >>> 2),
    store: (byteOffset, value) => {
      Atomics.store(words, byteOffset >>> 2, value);
    },
  };
}
