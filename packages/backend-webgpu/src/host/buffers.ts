import type { GpuBuffer } from '../gpu/api.ts';
import type { GpuMemory } from '../gpu/memory.ts';
import { controlWords, counter, overflow, pageWords, status } from '../text/layout.ts';
import type { KernelSlot } from './kernel-slot.ts';

/** Word 0 of a list is its end, so no message begins there. */
const firstWord = 16;

/** Records of one lane get no more memory than this as long as there is progress without. */
const mostRecordBytes = 16 << 20;

/** The buffers that all kernels of a device share, and what is where in them. */
export class SharedBuffers {
  readonly gpu: GpuMemory;
  control!: GpuBuffer;
  memory!: GpuBuffer;
  directory!: GpuBuffer;
  status!: GpuBuffer;
  /** Grows with each buffer that was replaced: bind groups of before are of no use. */
  generation = 0;
  /** Words of one half of the heap, and of the records of one lane. */
  heapWords: number;
  egressWords: number;
  /** Which half is in use. */
  upper = false;
  readonly #lanes: number;
  readonly #free: { at: number; words: number }[] = [];
  #controlUsed = 0;
  readonly #slots: boolean[] = [];

  private constructor(gpu: GpuMemory, heapBytes: number, egressBytes: number, lanes: number) {
    this.gpu = gpu;
    this.heapWords = Math.floor(heapBytes / 4);
    this.egressWords = Math.floor(egressBytes / 4);
    this.#lanes = lanes;
  }

  static async open(
    gpu: GpuMemory,
    heapBytes: number,
    egressBytes: number,
    lanes: number,
  ): Promise<SharedBuffers> {
    const shared = new SharedBuffers(gpu, heapBytes, egressBytes, lanes);
    shared.memory = await gpu.storage('messages', shared.#memoryWords());
    shared.control = await gpu.storage('control words', 1024 * controlWords);
    shared.directory = await gpu.storage('the directory', 1024 * pageWords);
    shared.status = await gpu.storage('counters', status.words + 8 * counter.words);
    gpu.device.queue.writeBuffer(shared.status, 0, Uint32Array.of(1, 0, firstWord));
    return shared;
  }

  get heapStart(): number {
    return firstWord + (this.upper ? this.heapWords : 0);
  }

  get heapEnd(): number {
    return this.heapStart + this.heapWords;
  }

  egressStart(lane: number): number {
    return firstWord + 2 * this.heapWords + lane * this.egressWords;
  }

  /** Words of the largest message, or record, that fits as things are. */
  get largestMessage(): number {
    return Math.min(this.heapWords, this.egressWords) - firstWord;
  }

  /** Whether records may have twice the memory only to be read less often. */
  get mayHoldMoreRecords(): boolean {
    return (
      this.egressWords * 4 < mostRecordBytes && this.#memoryWords(2) * 4 <= this.gpu.largest / 4
    );
  }

  get sizeBytes(): number {
    return [this.control, this.memory, this.directory, this.status].reduce((n, b) => n + b.size, 0);
  }

  /** Twice the memory of what ran out. Nothing may be under way, and all records must be read. */
  async grow(what: number): Promise<void> {
    const { upper, heapWords, egressWords } = this;
    if ((what & overflow.heap) !== 0) {
      // The messages stay where they are: both old halves are the new lower one.
      this.heapWords *= 2;
      this.upper = false;
    }
    if ((what & overflow.egress) !== 0) this.egressWords *= 2;
    try {
      this.memory = await this.gpu.grown('messages', this.memory, this.#memoryWords());
    } catch (error) {
      Object.assign(this, { upper, heapWords, egressWords });
      throw error;
    }
    this.generation++;
  }

  /** Words of control for so many instances, all zero. Nothing may be under way. */
  async claimControl(instances: number): Promise<number> {
    const words = instances * controlWords;
    const known = this.#free.findIndex((range) => range.words >= words);
    if (known >= 0) {
      const range = this.#free[known] as { at: number; words: number };
      const at = range.at;
      range.at += words;
      range.words -= words;
      if (range.words === 0) this.#free.splice(known, 1);
      return at;
    }
    const end = this.#controlUsed + words;
    if (end * 4 > this.control.size) {
      const size = Math.max(end, Math.min(this.control.size / 2, this.gpu.largest / 4));
      this.control = await this.gpu.grown('control words', this.control, size);
      this.generation++;
    }
    this.#controlUsed = end;
    return end - words;
  }

  /** Gives them back, zeroed. */
  releaseControl(at: number, instances: number): void {
    const words = instances * controlWords;
    this.gpu.device.queue.writeBuffer(this.control, at * 4, new Uint32Array(words));
    this.#free.push({ at, words });
  }

  /** Word of the status at which a kernel's counters begin, all zero but the smallest latency. */
  async claimCounters(): Promise<number> {
    let slot = this.#slots.indexOf(false);
    if (slot < 0) slot = this.#slots.length;
    const at = status.words + slot * counter.words;
    if ((at + counter.words) * 4 > this.status.size) {
      this.status = await this.gpu.grown('counters', this.status, this.status.size / 2);
      this.generation++;
    }
    this.#slots[slot] = true;
    const fresh = new Uint32Array(counter.words);
    fresh[counter.latencyMin] = 0xffff_ffff;
    this.gpu.device.queue.writeBuffer(this.status, at * 4, fresh);
    return at;
  }

  releaseCounters(at: number): void {
    this.#slots[(at - status.words) / counter.words] = false;
    this.gpu.device.queue.writeBuffer(this.status, (at + counter.due) * 4, new Uint32Array(2));
  }

  /** Kernels that have counters, with those that are gone and lie between them. */
  get kernels(): number {
    return this.#slots.lastIndexOf(true) + 1;
  }

  /** Words of the status that are in use. */
  get statusWords(): number {
    return status.words + this.kernels * counter.words;
  }

  /** Tells the device whose the addresses are. */
  async enter({ words }: KernelSlot): Promise<void> {
    const [instances = 0, baseAddress = 0, , control = 0, counters = 0] = words;
    const tenant = words[10] as number;
    const pages = Math.ceil(instances / 64);
    const end = (baseAddress / 64 + pages) * pageWords;
    if (end * 4 > this.directory.size) {
      const size = Math.max(end, this.directory.size / 2);
      this.directory = await this.gpu.grown('the directory', this.directory, size);
      this.generation++;
    }
    const entry = [baseAddress, instances, control, counters, tenant];
    const table = new Uint32Array(pages * pageWords);
    for (let page = 0; page < pages; page++) table.set(entry, page * pageWords);
    this.gpu.device.queue.writeBuffer(this.directory, (baseAddress / 64) * pageWords * 4, table);
  }

  leave(baseAddress: number, instances: number): void {
    const words = new Uint32Array(Math.ceil(instances / 64) * pageWords);
    this.gpu.device.queue.writeBuffer(this.directory, (baseAddress / 64) * pageWords * 4, words);
  }

  #memoryWords(records = 1): number {
    return firstWord + 2 * this.heapWords + this.#lanes * this.egressWords * records;
  }
}
