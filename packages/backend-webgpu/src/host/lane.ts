import type { GpuBindGroup, GpuBuffer } from '../gpu/api.ts';
import type { GpuMemory } from '../gpu/memory.ts';
import { deviceWords } from '../text/bindings.ts';
import type { Batch } from './batch.ts';

/** What one submit under way has for itself: its batch, its part of the records, and a buffer to read them from. */
export class Lane {
  readonly index: number;
  readonly device: GpuBuffer;
  batchBuffer!: GpuBuffer;
  readback!: GpuBuffer;
  group: GpuBindGroup | null = null;
  generation = -1;
  /** Messages that went up and are not all taken in yet. */
  batch: Batch | null = null;
  /** Words of records that are copied with the status: as many as came lately. */
  expected = 1024;
  readonly #memory: GpuMemory;
  #batchWords = 0;
  #readbackWords = 0;

  private constructor(memory: GpuMemory, index: number, device: GpuBuffer) {
    this.#memory = memory;
    this.index = index;
    this.device = device;
  }

  static async open(memory: GpuMemory, index: number): Promise<Lane> {
    return new Lane(memory, index, await memory.uniform('figures of a submit', deviceWords));
  }

  /** Makes room for a batch of so many words, and for reading so many back. */
  async reserve(batchWords: number, readbackWords: number): Promise<void> {
    if (batchWords > this.#batchWords) {
      this.#batchWords = this.#grown(batchWords, 4096, this.#batchWords);
      this.batchBuffer?.destroy();
      this.batchBuffer = await this.#memory.storage('messages of the host', this.#batchWords);
      this.generation = -1;
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
