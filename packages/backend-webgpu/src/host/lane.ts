import type { GpuBindGroup, GpuBuffer } from '../gpu/api.ts';
import type { GpuMemory } from '../gpu/memory.ts';
import type { Batch } from './batch.ts';

/** What one submit under way has for itself: what goes up with it, its part of the records, a buffer to read them from. */
export class Lane {
  readonly index: number;
  upload!: GpuBuffer;
  readback!: GpuBuffer;
  /** Grows with each upload buffer that was replaced: bind groups of before are of no use. */
  generation = 0;
  /** With the engine's own passes, and with each kernel. */
  readonly groups: WeakMap<object, { readonly group: GpuBindGroup; readonly generation: number }> =
    new WeakMap();
  /** Messages that went up and are not taken in yet. */
  batch: Batch | null = null;
  /** Words of records that are copied with the status: as many as came lately. */
  expected = 1024;
  readonly #memory: GpuMemory;
  #uploadWords = 0;
  #readbackWords = 0;

  constructor(memory: GpuMemory, index: number) {
    this.#memory = memory;
    this.index = index;
  }

  /** Whether so many words can go up, and so many be read back. */
  holds(uploadWords: number, readbackWords: number): boolean {
    return uploadWords <= this.#uploadWords && readbackWords <= this.#readbackWords;
  }

  /** Makes room for so many words that go up, and for reading so many back. */
  async reserve(uploadWords: number, readbackWords: number): Promise<void> {
    if (uploadWords > this.#uploadWords) {
      this.#uploadWords = this.#grown(uploadWords, 4096, this.#uploadWords);
      this.upload?.destroy();
      this.upload = await this.#memory.upload(this.#uploadWords);
      this.generation++;
    }
    if (readbackWords > this.#readbackWords) {
      this.#readbackWords = this.#grown(readbackWords, 2048, this.#readbackWords);
      this.readback?.destroy();
      this.readback = await this.#memory.readback(this.#readbackWords);
    }
  }

  /** Twice as much as before, so that it is seldom made again, but no more than a buffer can have. */
  #grown(wanted: number, least: number, before: number): number {
    return Math.max(wanted, least, Math.min(before * 2, this.#memory.largest / 4));
  }
}
