import type { Program } from '@ringkernel/compiler/back-end';
import { type AtomicWords, deadLetterCode, instanceWords } from '@ringkernel/core';
import { type ArenaLayout, threadBlock } from '../memory/arena.ts';
import { LaneReader } from '../queue/lane.ts';
import type { LocalQueue } from '../queue/local-queue.ts';
import { deadLetterRecord, originAt, priorityAt, slotsOf } from '../queue/record.ts';
import type { StampClock } from './clock.ts';
import { Faults } from './faults.ts';
import { absentFlag, failedFlag, mailedFlag, type WorkerKernel } from './kernel.ts';
import { type Mailbox, starvationBound } from './mailbox.ts';
import type { Outbox } from './outbox.ts';
import { ReadyMailboxes } from './ready-mailboxes.ts';
import { TurnClock } from './turn-clock.ts';
import type { Watchdog } from './watchdog.ts';

/** Messages taken from one lane, from the local queues, or from one mailbox in a turn. */
const budget = 256;
/**
 * With so many records waiting for room in the lanes of other workers this one handles only what lanes bring: those
 * must go on being emptied, but what its own instances would add can wait.
 */
const crowd = 4096;
/** Turns between two readings of the wall clock when little happens in them. */
const clockTurns = 16;

/**
 * The receiving side of a worker: takes messages from lanes and local queues in turns and runs the handlers straight
 * on the memory they lie in. One thread takes them in the order they came, so one instance handles one at a time.
 */
export class Engine {
  readonly readers: readonly LaneReader[];
  readonly outbox: Outbox;
  readonly watchdog: Watchdog;
  /** Control requests carried out so far, 32 bits that wrap. */
  controlSeen = 0;
  readonly #ready: ReadyMailboxes = new ReadyMailboxes(this);

  readonly #words: Int32Array;
  readonly #clock: StampClock;
  readonly #stage: number;
  readonly #control: number;
  /** While messages of several priorities are about, lanes are sorted into the local queues first. */
  #sorting = false;
  /** `entered` of each local queue when the last record from a lane went in. */
  readonly #laneMarks: Int32Array = new Int32Array(4);
  #streak = 0;
  #dispatched = 0;
  #sinceClock = 0;
  readonly #time: TurnClock;
  readonly #faults: Faults;

  constructor(
    arena: SharedArrayBuffer,
    atomics: AtomicWords,
    layout: ArenaLayout,
    thread: number,
    outbox: Outbox,
    epochMs: number,
    watchdog: Watchdog,
  ) {
    const { threads, laneSlots } = layout.shape;
    this.#words = new Int32Array(arena);
    this.outbox = outbox;
    this.#clock = outbox.clock;
    this.#stage = layout.stage(thread);
    this.#control = (layout.thread(thread) + threadBlock.control) >>> 2;
    this.#time = new TurnClock(outbox, epochMs);
    this.#faults = new Faults(outbox);
    this.watchdog = watchdog;
    this.readers = Array.from({ length: threads }, (_, from) => from)
      .filter((from) => from !== thread)
      .map((from) => new LaneReader(arena, atomics, layout.lane(from, thread), laneSlots, from));
  }

  /**
   * Whether the host wants something: then a turn ends before its next handler, however long handlers take. Plain, so
   * that it can be asked for each message; the thread looks at the same word atomically between turns.
   */
  get asked(): boolean {
    return this.#words[this.#control] !== this.controlSeen;
  }

  /** Before the first turn of a thread that takes over: what its predecessor was handling is not handled again. */
  takeOver(): void {
    for (const reader of this.readers) {
      const offset = reader.peek();
      if (offset < 0 || !reader.interrupted) continue;
      const word = offset >>> 2;
      const kernel = this.outbox.pages[(this.#words[word + 13] as number) >>> 6];
      if (kernel === undefined) {
        this.outbox.forward(this.#words, word, deadLetterRecord, deadLetterCode.notFound);
      } else {
        this.#dead(kernel, this.#words, word, deadLetterCode.instanceFailed);
        this.#credit(kernel, word);
      }
      reader.take(slotsOf(this.#words[word + 2] as number), priorityAt(this.#words, word));
    }
    this.outbox.flush();
  }

  /** One turn; how many messages it took. */
  turn(): number {
    this.#dispatched = 0;
    if (this.#sinceClock === 0) this.#time.read();
    if (this.outbox.urgent) this.#sorting = true;
    let taken = 0;
    if (!this.#sorting) {
      for (let i = 0; i < this.readers.length && !this.#sorting; i++) {
        taken += this.#drain(this.readers[i] as LaneReader);
      }
    }
    if (this.#sorting) taken += this.#sort();
    if (this.outbox.crowded < crowd) {
      taken += this.#runLocal();
      if (!this.#ready.empty) taken += this.#ready.run(budget);
    }
    if (this.outbox.flush()) taken++;
    this.#sinceClock++;
    if (this.#dispatched >= 64 || this.#sinceClock >= clockTurns) this.#sinceClock = 0;
    return taken;
  }

  /** Whether a lane has something. */
  poll(): boolean {
    for (let i = 0; i < this.readers.length; i++) {
      if ((this.readers[i] as LaneReader).poll()) return true;
    }
    return false;
  }

  /** Before the thread falls idle: senders see their room, the next turn reads the clock. */
  rest(): void {
    for (const reader of this.readers) reader.release();
    if (this.outbox.busy.length > 0) this.#time.read();
    this.#sinceClock = 0;
  }

  /** The kernel runs from now on; what waits in its mailboxes is handled first. */
  activate(kernel: WorkerKernel): void {
    kernel.paused = false;
    for (const mailbox of kernel.mailboxes.values()) {
      this.#ready.add(mailbox);
    }
  }

  /** The instance has a new state and may go on. */
  restart(kernel: WorkerKernel, instance: number): void {
    const own = kernel.wordOf(instance);
    kernel.words[own + instanceWords.faultSiteWord] = 0;
    kernel.words[own + instanceWords.faultValueWord] = 0;
    kernel.flags[instance] = (kernel.flags[instance] as number) & ~failedFlag;
    const mailbox = kernel.mailboxes.get(instance);
    if (mailbox !== undefined && !kernel.paused) this.#ready.add(mailbox);
  }

  /** The instance ends: what waits for it becomes dead letters. */
  retire(kernel: WorkerKernel, instance: number): void {
    kernel.end(instance);
    const mailbox = kernel.mailboxes.get(instance);
    if (mailbox !== undefined) this.#buryAll(mailbox, deadLetterCode.terminated);
  }

  /** Nothing of this kernel is handled any more: what waits and what still comes become dead letters. */
  bury(kernel: WorkerKernel): void {
    kernel.buried = true;
    kernel.paused = true;
    for (const mailbox of kernel.mailboxes.values()) {
      this.#buryAll(mailbox, deadLetterCode.terminated);
    }
  }

  /** Handles a record that lies outside of the arena. */
  handleCopy(kernel: WorkerKernel, instance: number, record: Int32Array): void {
    this.#words.set(record, this.#stage >>> 2);
    this.#handle(kernel, instance, this.#stage >>> 2, this.#stage);
  }

  /** A loop takes this message; false when it has become a dead letter instead. */
  takeCopy(kernel: WorkerKernel, record: Int32Array, known: boolean): boolean {
    const deadline = record[14] as number;
    this.#time.forget();
    if (deadline !== 0 && this.#time.late(deadline)) {
      this.#dead(kernel, record, 0, deadLetterCode.expired);
      return false;
    }
    if (!known) {
      this.#dead(kernel, record, 0, deadLetterCode.invalid);
      return false;
    }
    this.#clock.refresh();
    const age = (this.#clock.nowLow - (record[8] as number)) | 0;
    this.#count(kernel, age, record[2] as number);
    return true;
  }

  /** A loop has thrown: its instance has failed. */
  failLoop(kernel: WorkerKernel, instance: number, record: Int32Array, error: unknown): void {
    this.#faults.noteEnd(error);
    this.outbox.mark(kernel.meter);
    this.#fail(kernel, instance, record, 0);
  }

  /** A message that ends here: it goes back to the host with the reason. */
  dead(kernel: WorkerKernel, record: Int32Array, reason: number): void {
    this.#dead(kernel, record, 0, reason);
  }

  /** A message for an address where nobody is any more. */
  lost(record: Int32Array): void {
    this.outbox.forward(record, 0, deadLetterRecord, deadLetterCode.notFound);
  }

  /** Shares time spent among the kernels that handled something meanwhile. */
  shareBusy(elapsedUs: number): void {
    this.#time.share(elapsedUs);
  }

  /** `env.fault`: the first fault of a handler counts. */
  fault(site: number, value: number): void {
    this.#faults.note(site, value);
  }

  /** Straight from the lane to the handlers, as long as everything in it is of normal priority. */
  #drain(reader: LaneReader): number {
    let taken = 0;
    while (taken < budget && !this.asked) {
      const offset = reader.peek();
      if (offset < 0) break;
      if (reader.urgent) {
        this.#sorting = true;
        break;
      }
      const word = offset >>> 2;
      reader.begin();
      this.#merge(word);
      this.#dispatch(word, offset);
      reader.take(slotsOf(this.#words[word + 2] as number), 1);
      taken++;
    }
    return taken;
  }

  /** Moves what is in the lanes to the local queues of its priority. */
  #sort(): number {
    let moved = 0;
    for (const reader of this.readers) {
      for (let taken = 0; taken < budget; taken++) {
        const offset = reader.peek();
        if (offset < 0) break;
        const word = offset >>> 2;
        const slots = slotsOf(this.#words[word + 2] as number);
        const priority = (this.#words[word + 3] as number) & 3;
        if (!this.outbox.requeue(word, slots, priority)) break;
        this.#merge(word);
        this.#laneMarks[priority] = (this.outbox.locals[priority] as LocalQueue).entered;
        reader.take(slots, priority);
        moved++;
      }
    }
    return moved;
  }

  #runLocal(): number {
    const { locals } = this.outbox;
    let taken = 0;
    if (!this.#sorting) {
      const normal = locals[1] as LocalQueue;
      while (taken < budget && !normal.empty && !this.outbox.urgent && !this.asked) {
        this.#runFrom(normal);
        taken++;
      }
      return taken;
    }
    while (taken < budget && !this.asked) {
      const ran = this.#runByPriority(locals);
      if (ran === 0) break;
      taken += ran;
    }
    if (this.#sorted(locals)) this.#sorting = false;
    return taken;
  }

  /** One message of the highest priority; after so many of them one of each lower priority too. */
  #runByPriority(locals: readonly LocalQueue[]): number {
    let highest = 3;
    while (highest >= 0 && (locals[highest] as LocalQueue).empty) highest--;
    if (highest < 0) return 0;
    this.#runFrom(locals[highest] as LocalQueue);
    this.#streak++;
    let ran = 1;
    let passed = false;
    for (let p = highest - 1; p >= 0; p--) {
      if ((locals[p] as LocalQueue).empty) continue;
      passed = true;
      if (this.#streak < starvationBound) break;
      if (this.asked) return ran; // the streak stays: those left out come with the next message
      this.#runFrom(locals[p] as LocalQueue);
      ran++;
    }
    // Only messages that others waited for count, and a new count begins when they had their turn.
    if (!passed || this.#streak >= starvationBound) this.#streak = 0;
    return ran;
  }

  /** Whether direct dispatch keeps the order again: nothing urgent is left, and nothing that came by a lane. */
  #sorted(locals: readonly LocalQueue[]): boolean {
    for (let p = 0; p < 4; p++) {
      const queue = locals[p] as LocalQueue;
      if (p !== 1 && !(queue.empty && queue.spill.count === 0)) return false;
    }
    for (let i = 0; i < this.readers.length; i++) {
      if ((this.readers[i] as LaneReader).urgent) return false;
    }
    const normal = locals[1] as LocalQueue;
    if ((((this.#laneMarks[1] as number) - normal.left) | 0) > 0) return false;
    this.outbox.urgent = false;
    return true;
  }

  #runFrom(queue: LocalQueue): void {
    const offset = queue.peek();
    const word = offset >>> 2;
    this.#dispatch(word, offset);
    queue.take(slotsOf(this.#words[word + 2] as number));
  }

  /** The clock of the thread that sent it counts: what is sent from now on is later. */
  #merge(word: number): void {
    const words = this.#words;
    const low = words[word + 8] as number;
    this.#clock.merge(low, words[word + 9] as number, words[word + 10] as number);
  }

  #dispatch(word: number, offset: number): void {
    const destination = this.#words[word + 13] as number;
    const kernel = this.outbox.pages[destination >>> 6];
    if (kernel === undefined) {
      this.outbox.forward(this.#words, word, deadLetterRecord, deadLetterCode.notFound);
      return;
    }
    const instance = (destination - kernel.base) | 0;
    // What was sent to the one before is not for this one.
    const former = kernel.lives[instance] !== this.#words[word + 15];
    if (former) this.#dead(kernel, this.#words, word, deadLetterCode.terminated);
    else if (kernel.paused || kernel.flags[instance] !== 0) this.#hold(kernel, instance, word);
    else this.#handle(kernel, instance, word, offset);
    this.#credit(kernel, word);
  }

  /** From the host: taking it in gives the host credit for another one. */
  #credit(kernel: WorkerKernel, word: number): void {
    if (originAt(this.#words, word) !== 0) return;
    const instance = ((this.#words[word + 13] as number) - kernel.base) | 0;
    const credit = kernel.wordOf(instance) + instanceWords.hostTakenWord;
    kernel.words[credit] = ((kernel.words[credit] as number) + 1) | 0;
  }

  /** The instance can't handle it now, or never will. */
  #hold(kernel: WorkerKernel, instance: number, word: number): void {
    const flags = kernel.flags[instance] as number;
    if (kernel.buried || (flags & absentFlag) !== 0) {
      this.#dead(kernel, this.#words, word, deadLetterCode.terminated);
    } else if ((flags & failedFlag) !== 0 && !kernel.holds) {
      this.#dead(kernel, this.#words, word, deadLetterCode.instanceFailed);
    } else {
      const mailbox = kernel.mailbox(instance);
      kernel.flags[instance] = flags | mailedFlag;
      const dropped = mailbox.add(this.#words, word);
      if (dropped !== null) this.#dead(kernel, dropped, 0, deadLetterCode.queueFull);
      const loop = kernel.loops.get(instance);
      if (loop !== undefined) loop.wake();
      else if (!kernel.paused) this.#ready.add(mailbox);
    }
  }

  #handle(kernel: WorkerKernel, instance: number, word: number, offset: number): void {
    const words = this.#words;
    const deadline = words[word + 14] as number;
    if (deadline !== 0 && this.#time.late(deadline)) {
      this.#dead(kernel, words, word, deadLetterCode.expired);
      return;
    }
    const age = (this.#clock.nowLow - (words[word + 8] as number)) | 0;
    const size = words[word + 2] as number;
    if (!this.#run(kernel, instance, offset)) {
      if (kernel.rollback) kernel.releaseState();
      this.#dead(kernel, words, word, deadLetterCode.invalid);
      return;
    }
    this.#count(kernel, age, size);
    this.#dispatched++;
    if (!this.#faults.noted) {
      if (kernel.rollback) kernel.releaseState();
      return;
    }
    if (kernel.rollback) kernel.rollBack(instance);
    this.#fail(kernel, instance, words, word);
  }

  #count({ meter }: WorkerKernel, age: number, size: number): void {
    meter.latency(Math.max(0, age));
    meter.handled++;
    meter.pending--;
    meter.bytesIn += size;
    if (!meter.dirty) this.outbox.mark(meter);
  }

  /** A program throws only when it ran out of stack, memory or time: then the instance has failed. */
  #run(kernel: WorkerKernel, instance: number, offset: number): boolean {
    this.watchdog.handlers++;
    if (kernel.rollback) kernel.keepState(instance);
    try {
      return (kernel.program as Program).run(instance, offset);
    } catch (error) {
      this.#faults.noteThrown(error);
      return true;
    } finally {
      this.outbox.stash();
    }
  }

  /** The record can't be handled: it goes back to the host with the reason. */
  #dead(kernel: WorkerKernel, words: Int32Array, word: number, reason: number): void {
    kernel.meter.pending--;
    kernel.meter.deadLettered(reason);
    this.outbox.mark(kernel.meter);
    this.outbox.forward(words, word, deadLetterRecord, reason);
  }

  #fail(kernel: WorkerKernel, instance: number, words: Int32Array, word: number): void {
    this.#faults.tell(kernel, instance, words, word);
    const mailbox = kernel.mailboxes.get(instance);
    if (this.#clock.lockstep) return; // the round buries what is left
    if (mailbox !== undefined && !kernel.holds) {
      this.#buryAll(mailbox, deadLetterCode.instanceFailed);
    }
  }

  #buryAll(mailbox: Mailbox, reason: number): void {
    for (const record of mailbox.takeAll()) this.dead(mailbox.kernel, record, reason);
    for (const record of mailbox.takeParked()) this.dead(mailbox.kernel, record, reason);
  }
}
