import type { GpuBindGroup, GpuBuffer } from '../gpu/api.ts';
import type { GpuMemory } from '../gpu/memory.ts';
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

  constructor(memory: GpuMemory, index: number, uniformWords: number) {
    this.#memory = memory;
    this.index = index;
    this.device = memory.uniform(uniformWords);
  }

  /** Makes room for a batch of so many words, and for reading so many back. */
  async reserve(batchWords: number, readbackWords: number): Promise<void> {
    if (batchWords > this.#batchWords) {
      this.#batchWords = Math.max(batchWords, 4096, this.#batchWords * 2);
      this.batchBuffer?.destroy();
      this.batchBuffer = await this.#memory.storage('messages of the host', this.#batchWords);
      this.generation = -1;
    }
    if (readbackWords > this.#readbackWords) {
      this.#readbackWords = Math.max(readbackWords, 2048, this.#readbackWords * 2);
      this.readback?.destroy();
      this.readback = await this.#memory.readback(this.#readbackWords);
    }
  }
}
