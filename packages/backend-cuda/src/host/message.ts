export const headerWords = 16;
export const headerBytes = 64;

/** What a record of the ring is: a value of `ringRecord`. */
export function kindOf(words: Int32Array, word: number): number {
  return (words[word + 3] as number) >>> 16;
}
