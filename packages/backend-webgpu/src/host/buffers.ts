import type { GpuBuffer } from '../gpu/api.ts';
import type { GpuMemory } from '../gpu/memory.ts';
import { controlWords, counter, entryWords, overflow, status } from '../text/layout.ts';
import { FreeRanges } from './free-ranges.ts';
import type { KernelSlot } from './kernel-slot.ts';

/** Word 0 of a list is its end, so no message begins there. */
const firstWord = 16;

/** Records of one lane get no more memory than this as long as there is progress without. */
const mostRecordBytes = 16 << 20;

type Entry = readonly [
  baseAddress: number,
  instances: number,
  control: number,
  counters: number,
  tenant: number,
];

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
  readonly #free: FreeRanges = new FreeRanges();
  readonly #slots: boolean[] = [];
  #entries: readonly Entry[] = [];

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
    shared.directory = await gpu.storage('the directory', 64 * entryWords);
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
    const free = this.#free.take(words);
    if (free !== null) return free;
    const end = this.#free.end + words;
    if (end * 4 > this.control.size) {
      const size = Math.max(end, Math.min(this.control.size / 2, this.gpu.largest / 4));
      this.control = await this.gpu.grown('control words', this.control, size);
      this.generation++;
    }
    return this.#free.extend(words);
  }

  /** Gives them back, zeroed. */
  releaseControl(at: number, instances: number): void {
    const words = instances * controlWords;
    const encoder = this.gpu.device.createCommandEncoder();
    encoder.clearBuffer(this.control, at * 4, words * 4);
    this.gpu.device.queue.submit([encoder.finish()]);
    this.#free.give(at, words);
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
    const entries = [
      ...this.#entries,
      [baseAddress, instances, control, counters, tenant] as const,
    ];
    entries.sort(([a], [b]) => a - b);
    const size = (entries.length + 1) * entryWords;
    if (size * 4 > this.directory.size) {
      this.directory = await this.gpu.grown('the directory', this.directory, size * 2);
      this.generation++;
    }
    this.#writeDirectory(entries);
  }

  leave(baseAddress: number): void {
    this.#writeDirectory(this.#entries.filter(([base]) => base !== baseAddress));
  }

  #writeDirectory(entries: readonly Entry[]): void {
    this.#entries = entries;
    const words = new Uint32Array((entries.length + 1) * entryWords);
    words[0] = entries.length;
    for (const [i, entry] of entries.entries()) words.set(entry, (i + 1) * entryWords);
    this.gpu.device.queue.writeBuffer(this.directory, 0, words);
  }

  #memoryWords(records = 1): number {
    return firstWord + 2 * this.heapWords + this.#lanes * this.egressWords * records;
  }
}
