const two32 = 2 ** 32;

/**
 * A 64-bit counter in shared memory that one thread writes and others read. Both views are over the same memory;
 * `word` is the index of the low word, even. Nearly every time it is one store of 32 bits; when the low word wraps,
 * both words change in one store of 64 bits, so that no reader sees half of it.
 */
export function addToCounter(
  words: Int32Array,
  wide: BigInt64Array,
  word: number,
  change: number,
): void {
  const sum = ((words[word] as number) >>> 0) + change;
  if (sum >= 0 && sum < two32) {
    words[word] = sum;
    return;
  }
  const total = (words[word + 1] as number) * two32 + sum;
  Atomics.store(wide, word >>> 1, BigInt(total));
}

/** The value of such a counter, exact up to 2^53; it may be negative. The high word is read twice: see above. */
export function readCounter(words: Int32Array, word: number): number {
  for (;;) {
    const high = Atomics.load(words, word + 1);
    const low = Atomics.load(words, word) >>> 0;
    if (Atomics.load(words, word + 1) === high) return high * two32 + low;
  }
}
