/** Words of a buffer that are in use up to `end`, but for ranges which were given back. */
export class FreeRanges {
  /** In order, none beside another, the last not at the end. */
  readonly #ranges: { at: number; words: number }[] = [];
  #end = 0;

  get end(): number {
    return this.#end;
  }

  /** The first range that is large enough, or null. */
  take(words: number): number | null {
    const index = this.#ranges.findIndex((range) => range.words >= words);
    const range = this.#ranges[index];
    if (range === undefined) return null;
    const { at } = range;
    range.at += words;
    range.words -= words;
    if (range.words === 0) this.#ranges.splice(index, 1);
    return at;
  }

  /** Words behind all others. */
  extend(words: number): number {
    const at = this.#end;
    this.#end += words;
    return at;
  }

  /** Gives a range back: it becomes one with the free ranges beside it. */
  give(at: number, words: number): void {
    const ranges = this.#ranges;
    const found = ranges.findIndex((range) => range.at > at);
    const index = found < 0 ? ranges.length : found;
    const [before, after] = [ranges[index - 1], ranges[index]];
    const joinsBefore = before !== undefined && before.at + before.words === at;
    const joinsAfter = after !== undefined && at + words === after.at;
    const first = joinsBefore ? before.at : at;
    const end = joinsAfter ? after.at + after.words : at + words;
    const joined = end === this.#end ? [] : [{ at: first, words: end - first }];
    if (joined.length === 0) this.#end = first;
    ranges.splice(
      index - (joinsBefore ? 1 : 0),
      Number(joinsBefore) + Number(joinsAfter),
      ...joined,
    );
  }
}
