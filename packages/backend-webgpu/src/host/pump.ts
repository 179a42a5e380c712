import type { MessageIdGenerator, RingKernelError } from '@ringkernel/core';
import type { WebgpuOptions } from '../options.ts';
import { absent, header, instance, mode, status } from '../text/layout.ts';
import { Batch } from './batch.ts';
import type { SharedBuffers } from './buffers.ts';
import type { Clock } from './clock.ts';
import type { Engine } from './engine.ts';
import type { GpuKernel } from './kernel.ts';
import type { KernelSlot } from './kernel-slot.ts';
import type { Lane } from './lane.ts';
import { type Flight, Rounds } from './rounds.ts';

/** Rounds of one submit that have dispatches of their own, at most: those that are not needed cost something, too. */
const mostDispatched = 64;

type Operation = () => Promise<void>;

/** Feeds the device: batches up, rounds, records down. Nothing is submitted while there is nothing to do. */
export class Pump {
  lost: RingKernelError | null = null;
  readonly rounds: Rounds;
  readonly #engine: Engine;
  readonly #shared: SharedBuffers;
  readonly #clock: Clock;
  readonly #ids: MessageIdGenerator;
  readonly #options: WebgpuOptions;
  readonly #fail: (error: unknown) => void;
  readonly #operations: Operation[] = [];
  readonly #batches: Batch[] = [];
  /** Batches that have gone up: their memory is used again, since new memory would cost more than the sending. */
  readonly #spare: Batch[] = [];
  readonly #flights: Flight[] = [];
  readonly #waiting: (() => void)[] = [];
  #sequence = 0;
  #turning: Promise<void> | null = null;
  #filling: Promise<void> | null = null;
  #scheduled = false;
  /** Actors have something to handle, as far as is known. */
  #live = false;
  #crowded = false;
  #halted = false;
  #ticks = 1;

  constructor(
    engine: Engine,
    shared: SharedBuffers,
    clock: Clock,
    ids: MessageIdGenerator,
    options: WebgpuOptions,
    epochMs: number,
    fail: (error: unknown) => void,
  ) {
    this.#engine = engine;
    this.#shared = shared;
    this.#clock = clock;
    this.#ids = ids;
    this.#options = options;
    this.#fail = fail;
    this.rounds = new Rounds(engine, shared, clock, ids, epochMs, (batch) => this.#reuse(batch));
  }

  get #lockstep(): boolean {
    return this.#clock.lockstep;
  }

  /** Where the next message of the host goes. */
  batch(): Batch {
    const last = this.#batches.at(-1);
    if (last !== undefined && !last.full) return last;
    const batch = this.#spare.pop() ?? new Batch();
    this.#batches.push(batch);
    return batch;
  }

  /** Gives a message its id, stamp and place in the order of what the host sends. */
  stamp(id: { low: number; high: number }, words: Uint32Array, at: number): void {
    const clock = this.#clock;
    const ids = this.#ids;
    clock.tick();
    ids.next();
    id.low = ids.low;
    id.high = ids.high;
    words[at + header.sequence] = this.#sequence;
    this.#sequence = (this.#sequence + 1) >>> 0;
    words[at + header.idLow] = id.low;
    words[at + header.idHigh] = id.high;
    words[at + header.physicalLow] = clock.physicalLow;
    words[at + header.physicalHigh] = clock.physicalHigh;
    words[at + header.logical] = clock.logical;
    words[at + header.node] = clock.node;
  }

  /** There is something to send up: soon, together with what else comes in this turn of the caller. */
  wake(): void {
    if (this.#lockstep || this.#scheduled || this.lost !== null) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#clock.expire();
      // While a submit is under way the next one goes off on another lane.
      if (this.#flights.length > 0) this.#fill().catch((error: unknown) => this.#give(error));
      else if (!this.#idle()) this.#start(); // a turn with nothing to do would wake whoever waits, to wake it again
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

  setMode({ slot, counted }: GpuKernel, to: number): void {
    slot.mode = to;
    this.#engine.write(slot.params, 0, ...slot.words);
    if (to !== mode.running) return;
    slot.gathers ||= counted.pending > 0;
    this.#live = true;
  }

  /** Gives an instance a new state, and lets it go on. Nothing may be under way. */
  restart(slot: KernelSlot, index: number, state: Uint32Array): void {
    this.#engine.write(slot.states, index * state.length, ...state);
    const own = slot.control + index * instance.words;
    this.#engine.write(this.#shared.control, own + instance.failed, 0);
    slot.gathers = true;
    this.#live = true;
  }

  async step(rounds: number): Promise<void> {
    await this.alone(async () => {
      for (let left = rounds; left > 0 && this.lost === null; ) {
        const ticks = Math.min(left, this.#options.ticks);
        await this.#steps(ticks);
        left -= ticks;
      }
    });
  }

  /** Lets a kernel handle what it has: in lockstep one round in which no other kernel runs. */
  async drain(kernel: GpuKernel, timeoutMs: number): Promise<void> {
    if (this.#lockstep) {
      await this.alone(async () => {
        const running = this.rounds.kernels.filter(({ slot }) => slot.mode === mode.running);
        const others = running.filter((other) => other !== kernel);
        for (const other of others) this.setMode(other, mode.stopped);
        await this.#steps(1);
        for (const other of others) this.setMode(other, mode.running);
      });
      return;
    }
    const until = performance.now() + timeoutMs;
    while (kernel.counted.pending > 0 && performance.now() < until && !this.#idle()) {
      this.wake();
      await this.progress();
    }
  }

  /** What waits for an instance, or is on its way to it, becomes dead letters. Nothing may be under way. */
  async buryInstance(kernel: GpuKernel, index: number): Promise<void> {
    this.check();
    const { slot } = kernel;
    const setBuried = (value: number): void => {
      slot.buried = value;
      this.#engine.write(slot.params, 0, ...slot.words);
    };
    setBuried(index + 1);
    await this.#bury(kernel);
    this.rounds.buried(kernel.base + index);
    setBuried(0);
  }

  /** At launch: from this index on nobody lives. */
  leaveEmpty(slot: KernelSlot, first: number): void {
    const words = new Uint32Array((slot.instances - first) * instance.words);
    for (let at = instance.failed; at < words.length; at += instance.words) words[at] = absent;
    this.#writeControl(slot, first, words);
  }

  /** What is known of an instance, but its state and whether its turn comes. Nothing may be under way. */
  clear(slot: KernelSlot, index: number, failed: number): void {
    const words = new Uint32Array(instance.due);
    words[instance.failed] = failed;
    this.#writeControl(slot, index, words);
  }

  #writeControl(slot: KernelSlot, index: number, words: Uint32Array): void {
    const { control, gpu } = this.#shared;
    const at = slot.control + index * instance.words;
    gpu.device.queue.writeBuffer(control, at * 4, words);
  }

  /** What the host has sent goes up, and all of it that is for this kernel is buried with what waits there. */
  async #bury({ slot }: GpuKernel): Promise<void> {
    for (let batch = this.#next(); batch !== null; batch = this.#next()) {
      await this.rounds.repeat(this.rounds.submitOf(0, batch));
    }
    const submit = this.rounds.submitOf(1);
    await this.rounds.repeat({ ...submit, kernels: [slot], pass: 'bury' });
    this.rounds.outbox.deliver();
    this.#live = true; // what went up for others is to be handled
  }

  /** Ends a kernel: what waits becomes dead letters, its states are copied to the host, its memory is free. */
  async bury(kernel: GpuKernel): Promise<void> {
    await this.alone(async () => {
      if (this.lost !== null) return;
      const { base, instances, slot } = kernel;
      await this.#bury(kernel);
      this.#shared.leave(base);
      this.#shared.releaseControl(slot.control, instances);
      this.#shared.releaseCounters(slot.counters);
      this.rounds.remove(kernel);
      await kernel.keepStates((bytes) => this.#engine.readAll(slot.states, bytes));
      slot.release();
    });
  }

  /** A copy of a part of the states, between two rounds. */
  async readState({ slot }: GpuKernel, offset: number, bytes: number): Promise<Uint8Array> {
    this.check();
    try {
      return await slot.reading(this.#engine.read(slot.states, offset, bytes));
    } catch (error) {
      throw this.lost ?? error;
    }
  }

  /** Throws what the device was lost with. */
  check(): void {
    if (this.lost !== null) throw this.lost;
  }

  /** The device is gone: whoever waits is told. */
  lose(error: RingKernelError): void {
    this.lost ??= error;
    this.#engine.lost = this.lost;
    this.#batches.length = 0;
    this.#resume();
  }

  #reuse(batch: Batch): void {
    if (this.#spare.length > this.#options.lanes) return;
    batch.clear();
    this.#spare.push(batch);
  }

  #idle(): boolean {
    if (this.lost !== null) return true;
    if (this.#turning !== null || this.#operations.length > 0) return false;
    return this.#lockstep || !this.#hasWork();
  }

  #hasWork(): boolean {
    return this.#live || this.#hasBatch();
  }

  #hasBatch(): boolean {
    return this.#batches.some(({ count }) => count > 0);
  }

  #resume(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #start(): void {
    this.#turning ??= this.#turn().finally(() => {
      this.#turning = null;
      if (this.#operations.length > 0) this.#start();
      else if (!this.#idle()) this.wake();
      this.#resume();
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
      this.#give(error);
    }
  }

  #give(error: unknown): void {
    if (this.lost === null) this.#fail(error);
  }

  /** Keeps lanes full while there is work, and lands one submit after the other. */
  async #pump(): Promise<void> {
    await this.#fill();
    for (let flight = this.#flights[0]; flight !== undefined; flight = this.#flights[0]) {
      const figures = await this.rounds.land(flight);
      this.#flights.shift();
      this.#live = figures[status.quiet] === 0;
      this.#crowded ||= this.rounds.crowded(figures);
      if (figures[status.halt] !== 0) await this.#goOn(flight, figures);
      this.#ticks = this.#live ? Math.min(this.#mostRounds(), mostDispatched, this.#ticks * 2) : 1;
      this.rounds.outbox.deliver();
      this.#resume();
      if (this.#crowded && this.#flights.length === 0 && this.#filling === null) {
        await this.rounds.move();
        this.#crowded = false;
      }
      await this.#fill();
    }
  }

  /** The device halted: what is under way does nothing; it lands, and all of it is submitted again. */
  async #goOn(flight: Flight, figures: Uint32Array): Promise<void> {
    this.#halted = true;
    await this.#filling;
    const others: [Flight, Uint32Array][] = [[flight, figures]];
    for (let next = this.#flights.shift(); next !== undefined; next = this.#flights.shift()) {
      others.push([next, await this.rounds.land(next)]);
    }
    for (const [one, landed] of others) {
      // Only the first one tells why the device halted: it has room when the others go on.
      const figuresNow = one === flight ? landed : landed.map((word, i) => (isHalt(i) ? 0 : word));
      const done = await this.rounds.finish(one, figuresNow);
      this.#live = done.figures[status.quiet] === 0;
    }
    this.#live = true;
    this.#halted = false;
  }

  #fill(): Promise<void> {
    this.#filling ??= this.#send().finally(() => {
      this.#filling = null;
    });
    return this.#filling;
  }

  async #send(): Promise<void> {
    while (this.#maySubmit()) {
      const free = this.#engine.lanes.find((lane) => this.#flights.every((f) => f.lane !== lane));
      const batch = this.#next();
      const submit =
        this.rounds.aloneOf(this.#mostRounds(), batch) ?? this.rounds.submitOf(this.#ticks, batch);
      this.#flights.push(await this.rounds.start(free as Lane, submit));
    }
  }

  /** Rounds that take no longer than a submit should. */
  #mostRounds(): number {
    const { ticks, submitMs } = this.#options;
    return Math.max(1, Math.min(ticks, Math.floor(submitMs / this.rounds.tickMs)));
  }

  #maySubmit(): boolean {
    const under = this.#flights.length;
    if (this.lost !== null || this.#halted || this.#operations.length > 0) return false;
    if (under >= this.#options.lanes || this.#crowded) return false;
    return this.#hasBatch() || (this.#live && under < 2);
  }

  /** Exactly so many rounds, and their records in order. */
  async #steps(count: number): Promise<void> {
    for (let left = count, first = true; left > 0; first = false) {
      const batch = this.#next();
      const alone = first ? this.rounds.aloneOf(left, batch) : null;
      const submit = alone ?? this.rounds.submitOf(Math.min(left, mostDispatched), batch);
      const { figures, rounds } = await this.rounds.repeat(submit);
      left -= rounds;
      this.#clock.physical = (figures[status.round] as number) - 1;
    }
    this.rounds.outbox.deliver();
  }

  #next(): Batch | null {
    const batch = this.#batches.shift();
    return batch === undefined || batch.count === 0 ? null : batch;
  }
}

/** Words of the status that say why the device halted. */
function isHalt(word: number): boolean {
  return word === status.halt || word === status.overflow;
}
