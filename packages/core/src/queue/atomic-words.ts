/**
 * The atomic operations of a ring, injected because their price differs: engines that do not inline `Atomics.load` and
 * `Atomics.store` call a builtin for each, and the same through WebAssembly costs half of that or less. Both kinds work
 * on the same memory and may be mixed: one end of a ring may use one and the other end the other.
 */
export interface AtomicWords {
  readonly kind: 'javascript' | 'webassembly';
  /** Why it is not WebAssembly, when it is not. */
  readonly fallbackReason: string | undefined;
  /** The signed 32-bit word at this index of the whole buffer; sequentially consistent. */
  load(wordIndex: number): number;
  store(wordIndex: number, value: number): void;
}

/** The operations of the language itself: they work everywhere, and are the oracle for the others. */
export function javascriptAtomics(
  buffer: SharedArrayBuffer,
  fallbackReason = 'asked for',
): AtomicWords {
  const words = new Int32Array(buffer, 0, buffer.byteLength >>> 2);
  return {
    kind: 'javascript',
    fallbackReason,
    load: (wordIndex) => Atomics.load(words, wordIndex),
    store: (wordIndex, value) => {
      Atomics.store(words, wordIndex, value);
    },
  };
}
