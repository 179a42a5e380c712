import {
  Credit,
  type DeviceLaunchOptions,
  deadLetterReasons,
  instanceWords,
  type KernelCounters,
} from '@ringkernel/core';
import { CounterReader } from '../memory/counters.ts';
import type { KernelMemory } from '../memory/kernel-memory.ts';
import { KernelMeter } from '../memory/meter.ts';
import type { InstanceWords } from './instance-words.ts';

/** What was sent to a kernel and what has become of it, by the counts of all threads. */
export class Ledger {
  /** What the host counts. */
  readonly meter: KernelMeter;
  readonly credit: Credit;
  /** A worker has died: what it had not told is counted when nothing moves. */
  wounded = false;
  readonly #reader: CounterReader;
  readonly #told: InstanceWords;
  readonly #instances: number;

  constructor(
    memory: SharedArrayBuffer,
    layout: KernelMemory,
    options: DeviceLaunchOptions,
    threads: number,
    told: InstanceWords,
  ) {
    this.meter = new KernelMeter(memory, layout.counters(0), -1);
    this.#reader = new CounterReader(memory, layout, threads);
    this.#told = told;
    this.#instances = options.instances;
    this.credit = new Credit(options, {
      words: told.words,
      first: told.first,
      stride: instanceWords.sizeWords,
      taken: instanceWords.hostTakenWord,
      depth: instanceWords.depthWord,
    });
  }

  counters(): KernelCounters {
    this.meter.flush();
    return this.#reader.read();
  }

  refuse(count: number): void {
    this.meter.sent += count;
    this.meter.rejected(count);
    this.meter.flush();
  }

  /** Whether everything sent to the kernel has come to an end. The ends are read first. */
  finished(): boolean {
    this.meter.flush();
    const finished = this.#reader.finished();
    return finished >= this.#reader.sent();
  }

  /** The same but for what waits for these instances. */
  finishedBut(instances: Iterable<number>): boolean {
    let held = 0;
    for (const instance of instances) held += this.#told.depth(instance);
    return this.#reader.finished() + held >= this.#reader.sent();
  }

  /** Nothing moves: what has no end and waits nowhere was lost with a worker. */
  audit(): void {
    if (!this.wounded) return;
    this.wounded = false;
    let waiting = 0;
    for (let i = 0; i < this.#instances; i++) {
      waiting += this.#told.depth(i);
      this.credit.audit(i);
    }
    this.#writeOff(waiting);
  }

  /** Nothing is left: what was sent and has no end yet ends here. */
  close(): void {
    this.#writeOff(0);
  }

  /** The device is gone, and what was parked there. */
  lose(): void {
    this.#writeOff(0);
    const { parked } = this.#reader.read();
    if (parked !== 0) this.meter.parked(-parked);
  }

  /** But for so many, what was sent and has no end yet ends here. */
  #writeOff(waiting: number): void {
    this.meter.flush();
    const lost = this.#reader.sent() - this.#reader.finished() - waiting;
    if (lost > 0) this.meter.deadLettered(deadLetterReasons.indexOf('device-lost'), lost);
    this.meter.pending -= this.#reader.read().pending - waiting;
    this.meter.flush();
  }
}
