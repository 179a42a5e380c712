import { RingKernelError } from '@ringkernel/core';
import type { WebgpuOptions } from '../options.ts';
import { counter, header, instance, mode, overflow, status } from '../text/layout.ts';
import { Batch } from './batch.ts';
import type { SharedBuffers } from './buffers.ts';
import type { Clock } from './clock.ts';
import type { Engine, Outcome, Submit } from './engine.ts';
import type { GpuKernel } from './kernel.ts';
import type { KernelSlot } from './kernel-slot.ts';
import type { MessageIds } from './message-ids.ts';
import { Outbox } from './outbox.ts';

type Operation = () => Promise<void>;

/** Feeds the device: batches up, rounds, records down. Nothing is submitted while there is nothing to do. */
export class Pump {
  lost: RingKernelError | null = null;
  readonly kernels: GpuKernel[] = [];
  readonly #engine: Engine;
  readonly #shared: SharedBuffers;
  readonly #clock: Clock;
  readonly #ids: MessageIds;
  readonly #outbox: Outbox;
  readonly #options: WebgpuOptions;
  readonly #epochMs: number;
  readonly #fail: (error: RingKernelError) => void;
  readonly #operations: Operation[] = [];
  readonly #batches: Batch[] = [];
  readonly #waiting: (() => void)[] = [];
  #sequence = 0;
  #turning: Promise<void> | null = null;
  #scheduled = false;
  /** Messages of the host that have gone up. */
  #sentUp = 0;
  #live = false;
  #ticks = 1;
  #tickMs = 0.5;
  /** Ends of messages at the last overflow: when there are no more since, there must be more room. */
  #ends = 0;
  #endsAtOverflow = -1;

  constructor(
    engine: Engine,
    shared: SharedBuffers,
    clock: Clock,
    ids: MessageIds,
    options: WebgpuOptions,
    epochMs: number,
    fail: (error: RingKernelError) => void,
  ) {
    this.#engine = engine;
    this.#shared = shared;
    this.#clock = clock;
    this.#ids = ids;
    this.#options = options;
    this.#epochMs = epochMs;
    this.#fail = fail;
    this.#outbox = new Outbox((address) => this.#kernelOf(address), ids, clock, clock.lockstep);
  }

  get #lockstep(): boolean {
    return this.#clock.lockstep;
  }

  /** Where the next message of the host goes. */
  batch(): Batch {
    const last = this.#batches.at(-1);
    if (last !== undefined && !last.full) return last;
    const batch = new Batch();
    this.#batches.push(batch);
    return batch;
  }

  /** Gives a message its id, stamp and place in the order of what the host sends. */
  stamp(id: { low: number; high: number }, words: Uint32Array, at: number): void {
    this.#clock.tick();
    this.#ids.next(id);
    words[at + header.sequence] = this.#sequence;
    this.#sequence = (this.#sequence + 1) >>> 0;
    words[at + header.idLow] = id.low;
    words[at + header.idHigh] = id.high;
    words[at + header.physicalLow] = this.#clock.physical >>> 0;
    words[at + header.physicalHigh] = Math.floor(this.#clock.physical / 2 ** 32);
    words[at + header.logical] = this.#clock.logical;
    words[at + header.node] = this.#clock.node;
  }

  /** There is something to send up: soon, together with what else comes in this turn of the caller. */
  wake(): void {
    if (this.#lockstep || this.#scheduled || this.#turning !== null) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#start();
    });
  }

  /** Resolves when something has come of what is under way. */
  progress(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Does something while nothing is under way. */
  alone(operation: Operation): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#operations.push(() => operation().then(resolve, reject));
      this.#start();
    });
  }

  /** Resolves when there is nothing to do. */
  async settled(): Promise<void> {
    while (!this.#idle()) {
      this.wake();
      await this.progress();
    }
  }

  setMode(slot: KernelSlot, to: number): void {
    slot.mode = to;
    this.#engine.write(slot.params, 0, ...slot.words);
    if (to === mode.running) this.#live = true;
  }

  /** Gives an instance a new state, and lets it go on. Nothing may be under way. */
  restart(slot: KernelSlot, index: number, state: Uint32Array): void {
    this.#engine.write(slot.states, index * state.length, ...state);
    const own = slot.control + index * instance.words;
    this.#engine.write(this.#shared.control, own + instance.failed, 0);
    this.#live = true;
  }

  async step(rounds: number): Promise<void> {
    await this.alone(async () => {
      for (let left = rounds; left > 0 && this.lost === null; ) {
        const ticks = Math.min(left, this.#options.ticks);
        await this.#rounds(ticks);
        left -= ticks;
      }
    });
  }

  /** Lets a kernel handle what it has: in lockstep one round in which no other kernel runs. */
  async drain(kernel: GpuKernel, timeoutMs: number): Promise<void> {
    if (this.#lockstep) {
      await this.alone(async () => {
        const others = this.kernels.filter((k) => k !== kernel && k.slot.mode === mode.running);
        for (const { slot } of others) this.setMode(slot, mode.stopped);
        await this.#rounds(1);
        for (const { slot } of others) this.setMode(slot, mode.running);
      });
      return;
    }
    const until = performance.now() + timeoutMs;
    while (kernel.counted.pending > 0 && performance.now() < until && this.lost === null) {
      this.wake();
      if (this.#idle()) return;
      await this.progress();
    }
  }

  /** Ends a kernel: what waits becomes dead letters, its memory is free. */
  async bury(kernel: GpuKernel): Promise<void> {
    await this.alone(async () => {
      if (this.lost !== null) return;
      await this.#ingest();
      await this.#repeat({ ...this.#submit(1), kernels: [kernel.slot], pass: 'bury' });
      this.#outbox.deliver();
      const { base, instances, slot } = kernel;
      this.#shared.leave(base, instances);
      this.#shared.releaseControl(slot.control, instances);
      this.#shared.releaseCounters(slot.counters);
      this.kernels.splice(this.kernels.indexOf(kernel), 1);
      slot.params.destroy();
    });
  }

  /** A copy of a part of the states, between two rounds. */
  readState(kernel: GpuKernel, offset: number, bytes: number): Promise<Uint8Array> {
    return this.#engine.read(kernel.slot.states, offset, bytes);
  }

  /** The device is gone: whoever waits is told. */
  lose(error: RingKernelError): void {
    this.lost ??= error;
    this.#batches.length = 0;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #idle(): boolean {
    if (this.lost !== null) return true;
    if (this.#turning !== null || this.#operations.length > 0) return false;
    return this.#lockstep || !this.#hasWork();
  }

  #hasWork(): boolean {
    return this.#live || this.#batches.some(({ count }) => count > 0);
  }

  #start(): void {
    this.#turning ??= this.#turn().finally(() => {
      this.#turning = null;
      for (const resolve of this.#waiting.splice(0)) resolve();
      if (this.#operations.length > 0) this.#start();
      else if (!this.#idle()) this.wake();
    });
  }

  /** Operations first, then rounds, until there is nothing more to do. */
  async #turn(): Promise<void> {
    try {
      for (;;) {
        const operation = this.#operations.shift();
        if (operation !== undefined) await operation();
        else if (!this.#lockstep && this.lost === null && this.#hasWork()) await this.#pump();
        else return;
      }
    } catch (error) {
      if (this.lost !== null) return;
      this.#fail(
        error instanceof RingKernelError
          ? error
          : new RingKernelError('RK_WEBGPU', `The device failed: ${String(error)}`, {
              cause: error,
            }),
      );
    }
  }

  async #pump(): Promise<void> {
    const began = performance.now();
    const { figures } = await this.#repeat({ ...this.#submit(this.#ticks), batch: this.#next() });
    this.#live = (figures[status.quiet] as number) === 0;
    const ran = figures[status.ticks] as number;
    if (ran > 0) this.#tickMs += 0.2 * ((performance.now() - began) / ran - this.#tickMs);
    const { ticks, submitMs } = this.#options;
    const most = Math.max(1, Math.min(ticks, Math.floor(submitMs / this.#tickMs)));
    this.#ticks = this.#live ? Math.min(most, this.#ticks * 2) : 1;
    this.#outbox.deliver();
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** Exactly so many rounds, and their records in order. */
  async #rounds(count: number): Promise<void> {
    let batch = this.#next();
    for (let left = count; left > 0; ) {
      const { figures, rounds } = await this.#repeat({ ...this.#submit(left), batch });
      left -= rounds;
      this.#clock.physical = (figures[status.round] as number) - 1;
      batch = this.#next();
    }
    this.#outbox.deliver();
  }

  /** Takes in what the host has sent, without a round. */
  async #ingest(): Promise<void> {
    for (let batch = this.#next(); batch !== null; batch = this.#next()) {
      await this.#repeat({ ...this.#submit(0), batch });
    }
  }

  #next(): Batch | null {
    const batch = this.#batches.shift();
    return batch === undefined || batch.count === 0 ? null : batch;
  }

  #submit(ticks: number): Submit {
    this.#clock.tick();
    return {
      batch: null,
      ticks,
      kernels: this.kernels.map(({ slot }) => slot),
      pass: 'rounds',
      physical: this.#clock.physical,
      tickUs: this.#lockstep ? 0 : Math.max(1, Math.round(this.#tickMs * 1000)),
      nowMs: Math.max(0, Math.floor(Date.now() - this.#epochMs)) >>> 0,
    };
  }

  /** Submits until the device has done all of it: when it halts, it gets room and goes on. */
  async #repeat(submit: Submit): Promise<{ figures: Uint32Array; rounds: number }> {
    const lane = this.#engine.lanes[0];
    if (lane === undefined) throw new RangeError('there are no lanes');
    this.#sentUp += submit.batch?.count ?? 0;
    let { batch, ticks } = submit;
    let rounds = 0;
    for (;;) {
      const began = performance.now();
      const outcome = await (await this.#engine.start(lane, { ...submit, batch, ticks }))();
      const { status: figures } = outcome;
      this.#take(outcome, performance.now() - began);
      const ran = figures[status.ticks] as number;
      this.#clock.reach(submit.physical + ran * submit.tickUs);
      const over = (figures[status.halt] as number) | (figures[status.overflow] as number);
      rounds += ran - ((figures[status.halt] as number) !== 0 && ran > 0 ? 1 : 0);
      if (batch !== null && (((figures[status.ingested] as number) - this.#sentUp) | 0) >= 0) {
        this.#acknowledge(batch);
        lane.batch = null;
        batch = null;
      }
      if (over === 0) {
        if ((figures[status.heap] as number) - this.#shared.heapStart > this.#shared.heapWords / 2)
          await this.#move();
        return { figures, rounds };
      }
      if (submit.pass === 'rounds') ticks = submit.ticks - rounds;
      await this.#makeRoom(over);
    }
  }

  #take({ status: figures, records }: Outcome, elapsedMs: number): void {
    let handled = 0;
    const shares = this.kernels.map((kernel) => {
      const { counters } = kernel.slot;
      const block = figures.subarray(counters, counters + counter.words);
      const share = kernel.counted.take(block);
      handled += share;
      return share;
    });
    this.kernels.forEach((kernel, i) => {
      if (handled > 0) kernel.counted.busyMs += (elapsedMs * (shares[i] as number)) / handled;
    });
    this.#ends = this.kernels.reduce((n, { counted }) => n + counted.ended, 0);
    this.#outbox.collect(records);
  }

  #acknowledge(batch: Batch): void {
    const { messages, places } = batch;
    for (const place of places) {
      const address = messages[place - 1 + header.destination] as number;
      this.#kernelOf(address)?.arrived(address);
    }
  }

  /** Records are read, so they have room; messages get it by moving, and both by growing when that does not help. */
  async #makeRoom(over: number): Promise<void> {
    const stuck = this.#ends === this.#endsAtOverflow;
    this.#endsAtOverflow = this.#ends;
    let grow = stuck ? over : 0;
    if ((over & overflow.heap) !== 0) {
      this.#engine.write(this.#shared.status, status.overflow, 0);
      const used = await this.#move();
      if (used > this.#shared.heapWords / 2) grow |= overflow.heap;
    }
    if (grow !== 0) await this.#shared.grow(grow);
    this.#engine.write(this.#shared.status, status.halt, 0);
    this.#engine.write(this.#shared.status, status.overflow, 0);
  }

  /** Moves all messages to the other half of the heap; returns how many words they have. */
  async #move(): Promise<number> {
    const [lane] = this.#engine.lanes;
    if (lane === undefined) throw new RangeError('there are no lanes');
    this.#shared.upper = !this.#shared.upper;
    this.#engine.write(this.#shared.status, status.heap, this.#shared.heapStart);
    const submit: Submit = { ...this.#submit(1), pass: 'move' };
    const { status: figures } = await (await this.#engine.start(lane, submit))();
    return (figures[status.heap] as number) - this.#shared.heapStart;
  }

  #kernelOf(address: number): GpuKernel | undefined {
    return this.kernels.find(
      ({ base, instances }) => address >= base && address < base + instances,
    );
  }
}
