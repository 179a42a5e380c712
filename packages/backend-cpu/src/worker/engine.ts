import type { AtomicWords } from '@ringkernel/core';
import type { ArenaLayout } from '../memory/arena.ts';
import { LaneReader } from '../queue/lane.ts';
import type { LocalQueue } from '../queue/local-queue.ts';
import { priorityAt, slotsOf } from '../queue/record.ts';
import type { StampClock } from './clock.ts';
import { Handling } from './handling.ts';
import { HostRequests } from './host-requests.ts';
import { starvationBound } from './mailbox.ts';
import type { Outbox } from './outbox.ts';
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
 * The receiving side of a worker: takes messages from lanes, local queues and mailboxes in turns and has them handled.
 * One thread takes them in the order they came, so one instance handles one at a time.
 */
export class Engine {
  readonly readers: readonly LaneReader[];
  readonly outbox: Outbox;
  readonly requests: HostRequests;
  readonly handling: Handling;

  readonly #words: Int32Array;
  readonly #clock: StampClock;
  /** While messages of several priorities are about, lanes are sorted into the local queues first. */
  #sorting = false;
  /** `entered` of each local queue when the last record from a lane went in. */
  readonly #laneMarks: Int32Array = new Int32Array(4);
  #streak = 0;
  #sinceClock = 0;
  readonly #time: TurnClock;

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
    this.#words = outbox.words;
    this.outbox = outbox;
    this.#clock = outbox.clock;
    this.#time = new TurnClock(outbox, epochMs);
    this.requests = new HostRequests(outbox.words, layout, thread);
    const stage = layout.stage(thread);
    this.handling = new Handling(outbox, this.requests, stage, this.#time, watchdog);
    this.readers = Array.from({ length: threads }, (_, from) => from)
      .filter((from) => from !== thread)
      .map((from) => new LaneReader(arena, atomics, layout.lane(from, thread), laneSlots, from));
  }

  /** Before the first turn of a thread that takes over: what its predecessor was handling is not handled again. */
  takeOver(): void {
    for (const reader of this.readers) {
      const offset = reader.peek();
      if (offset < 0 || !reader.interrupted) continue;
      const word = offset >>> 2;
      this.handling.interrupted(word);
      reader.take(slotsOf(this.#words[word + 2] as number), priorityAt(this.#words, word));
    }
    this.outbox.flush();
  }

  /** One turn; how many messages it took. */
  turn(): number {
    this.handling.handled = 0;
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
      if (!this.handling.ready.empty) taken += this.handling.ready.run(budget);
    }
    if (this.outbox.flush()) taken++;
    this.#sinceClock++;
    if (this.handling.handled >= 64 || this.#sinceClock >= clockTurns) this.#sinceClock = 0;
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

  /** Shares time spent among the kernels that handled something meanwhile. */
  shareBusy(elapsedUs: number): void {
    this.#time.share(elapsedUs);
  }

  /** Straight from the lane to the handlers, as long as everything in it is of normal priority. */
  #drain(reader: LaneReader): number {
    const { requests, handling } = this;
    let taken = 0;
    while (taken < budget && !requests.asked) {
      const offset = reader.peek();
      if (offset < 0) break;
      if (reader.urgent) {
        this.#sorting = true;
        break;
      }
      const word = offset >>> 2;
      reader.begin();
      this.#merge(word);
      handling.dispatch(word, offset);
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
    const { requests, outbox } = this;
    const { locals } = outbox;
    let taken = 0;
    if (!this.#sorting) {
      const normal = locals[1] as LocalQueue;
      while (taken < budget && !normal.empty && !outbox.urgent && !requests.asked) {
        this.#runFrom(normal);
        taken++;
      }
      return taken;
    }
    while (taken < budget && !requests.asked) {
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
      if (this.requests.asked) return ran; // the streak stays: those left out come with the next message
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
    this.handling.dispatch(word, offset);
    queue.take(slotsOf(this.#words[word + 2] as number));
  }

  /** The clock of the thread that sent it counts: what is sent from now on is later. */
  #merge(word: number): void {
    const words = this.#words;
    const low = words[word + 8] as number;
    this.#clock.merge(low, words[word + 9] as number, words[word + 10] as number);
  }
}
