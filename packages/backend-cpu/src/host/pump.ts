import type { AtomicWords } from '@ringkernel/core';
import { type ArenaLayout, threadBlock, watchIdle, watchTurns } from '../memory/arena.ts';
import { LaneReader, LaneWriter, laneEmpty } from '../queue/lane.ts';
import { replyRecord, replyWanted, slotsOf } from '../queue/record.ts';
import type { StampClock } from '../worker/clock.ts';
import { Parking } from '../worker/parking.ts';

/** Records handed over in one turn of the event loop, so that others get theirs. */
const budget = 4096;
/** Turns with nothing in them before the pump parks. */
const coolTurns = 4;
/** The longest that answers may be awaited by polling without a turn of the event loop, milliseconds. */
const longestHoldMs = 4;
const host = 0;

/** Gets each record that came from a worker: byte offset of its header. */
export type Deliver = (offset: number) => void;

/**
 * The host's end of the lanes: publishes what was injected, hands over what the workers sent, and looks after the
 * conditions somebody waits for. It takes turns with `setImmediate` while there is traffic and waits on its bell
 * (`Atomics.waitAsync`) when there is none.
 */
export class Pump {
  readonly words: Int32Array;
  readonly clock: StampClock;
  /** Lane to each worker, by thread; none for the host itself. */
  readonly writers: readonly (LaneWriter | undefined)[];
  /**
   * Answers that may come at once: as long as there are any, polling a little pays. What has not come before the pump
   * rests is no longer one of them: it takes its time, or nobody replies.
   */
  calls = 0;

  readonly #atomics: AtomicWords;
  readonly #layout: ArenaLayout;
  readonly #readers: readonly LaneReader[];
  readonly #deliver: Deliver;
  readonly #beforePublish: () => void;
  readonly #spinner: Parking;
  readonly #watches: Set<Watch> = new Set();
  readonly #dirty: LaneWriter[] = [];
  #watching = 0;
  #publishSoon = false;
  #turning = false;
  #armed = false;
  #quietTurns = 0;
  #lastTurnMs = 0;
  #draining = false;
  #closed = false;

  constructor(
    arena: SharedArrayBuffer,
    atomics: AtomicWords,
    layout: ArenaLayout,
    clock: StampClock,
    hostSpinUs: number,
    deliver: Deliver,
    beforePublish: () => void,
  ) {
    const { threads, laneSlots } = layout.shape;
    this.words = new Int32Array(arena);
    this.clock = clock;
    this.#atomics = atomics;
    this.#layout = layout;
    this.#deliver = deliver;
    this.#beforePublish = beforePublish;
    this.#spinner = new Parking(arena, atomics, layout, host, hostSpinUs);
    this.writers = Array.from({ length: threads }, (_, to) =>
      to === host
        ? undefined
        : new LaneWriter(arena, atomics, layout.lane(host, to), laneSlots, to),
    );
    this.#readers = this.writers
      .filter((writer) => writer !== undefined)
      .map(({ peer }) => new LaneReader(arena, atomics, layout.lane(peer, host), laneSlots, peer));
    this.#arm();
  }

  /** Before the first message of a batch gets its stamp: the wall is read once for all of them. */
  begin(): void {
    if (!this.#publishSoon) this.clock.refresh();
  }

  /** Something was written to this lane: it is published before the caller's turn is over. */
  touch(lane: LaneWriter): void {
    if (!lane.dirty) {
      lane.dirty = true;
      this.#dirty.push(lane);
    }
    if (this.#publishSoon) return;
    this.#publishSoon = true;
    // After the microtasks, so that one `await` after the other for a send does not publish each message alone.
    process.nextTick(() => this.#publishAndPoll());
  }

  /** Shows the workers everything written so far, and wakes those that sleep. */
  publish(): void {
    this.#beforePublish();
    for (const lane of this.#dirty) {
      lane.dirty = false;
      if (lane.spill.count > 0) lane.unspill();
      lane.publish();
      this.ring(lane.peer);
    }
    this.#dirty.length = 0;
    for (const lane of this.writers) {
      if (lane !== undefined && lane.spill.count > 0) this.#later(lane);
    }
  }

  /** Wakes a worker that sleeps. */
  ring(thread: number): void {
    const bell = (this.#layout.thread(thread) + threadBlock.bell) >>> 2;
    if (this.#atomics.load(bell) === 0) return;
    this.#atomics.store(bell, 0);
    Atomics.notify(this.words, bell);
  }

  /**
   * Resolves when the condition holds. It is looked at when all workers have fallen asleep; with `eachTurn` whenever
   * one of them has done something.
   */
  watch(condition: () => boolean, eachTurn: boolean): Promise<void> {
    if (this.#closed || condition()) return Promise.resolve();
    return new Promise((resolve) => {
      this.#watches.add({ condition, resolve, eachTurn });
      this.#watchMore();
      this.#turnSoon();
    });
  }

  /** Looks at what is waited for now: something changed on the host's side. */
  check(): void {
    for (const watch of this.#watches) {
      if (!watch.condition()) continue;
      this.#watches.delete(watch);
      watch.resolve();
    }
    this.#watchMore();
  }

  /** Hands over everything that is there now. */
  drain(): number {
    if (this.#draining) return 0; // a sink that publishes must not start over inside of itself
    this.#draining = true;
    let taken = 0;
    try {
      for (const reader of this.#readers) taken += this.#drainLane(reader);
    } finally {
      this.#draining = false;
    }
    return taken;
  }

  /** Whether no thread has anything left: all sleep, every lane is empty, and none moved while this looked. */
  quiet(): boolean {
    const before = this.#epochs();
    if (before.some((epoch) => (epoch & 1) === 0)) return false;
    if (this.#readers.some((reader) => reader.poll())) return false;
    for (const lane of this.writers) if (lane !== undefined && !lane.drained) return false;
    if (!this.#lanesBetweenWorkersEmpty()) return false;
    return this.#epochs().every((epoch, i) => epoch === before[i]);
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** No more turns. Whoever still waits is let go. */
  close(): void {
    this.#closed = true;
    for (const { resolve } of this.#watches) resolve();
    this.#watches.clear();
    const bell = threadBlock.bell >>> 2;
    Atomics.store(this.words, bell, 0);
    Atomics.notify(this.words, bell);
  }

  /** Tells the workers how much of what they do is waited for. */
  #watchMore(): void {
    let wanted = this.#watches.size === 0 ? 0 : watchIdle;
    for (const { eachTurn } of this.#watches) if (eachTurn) wanted = watchTurns;
    if (wanted === this.#watching) return;
    this.#watching = wanted;
    this.#atomics.store(threadBlock.watching >>> 2, wanted);
  }

  #publishAndPoll(): void {
    this.#publishSoon = false;
    if (this.#closed) return;
    this.publish();
    if (this.calls === 0) return;
    this.#turnSoon();
    if (performance.now() - this.#lastTurnMs > longestHoldMs) return;
    if (this.#spinner.spin(() => this.#poll()) && this.drain() > 0) this.check();
  }

  #later(lane: LaneWriter): void {
    if (!lane.dirty) {
      lane.dirty = true;
      this.#dirty.push(lane);
    }
    this.#turnSoon();
  }

  #turnSoon(): void {
    this.#quietTurns = 0;
    if (this.#turning || this.#closed) return;
    this.#turning = true;
    this.#lastTurnMs = performance.now();
    setImmediate(() => this.#turn());
  }

  #turn(): void {
    this.#turning = false;
    if (this.#closed) return;
    this.#lastTurnMs = performance.now();
    let moved = this.drain();
    if (this.#dirty.length > 0) {
      const waiting = this.#spilled();
      this.publish();
      moved += waiting - this.#spilled();
    }
    if (this.#watches.size > 0) this.check();
    if (moved > 0) this.#quietTurns = 0;
    else this.#quietTurns++;
    if (this.#quietTurns < coolTurns || this.#spilled() > 0) this.#again();
    else this.#arm();
  }

  #again(): void {
    if (this.#turning) return;
    this.#turning = true;
    setImmediate(() => this.#turn());
  }

  #spilled(): number {
    let sum = 0;
    for (const lane of this.writers) sum += lane?.spill.count ?? 0;
    return sum;
  }

  /** Sets the bell and waits for it, unless something came meanwhile. */
  #arm(): void {
    if (this.#armed || this.#closed) return;
    const bell = threadBlock.bell >>> 2;
    Atomics.store(this.words, bell, 1);
    // Looked at once more with the bell set: what happens from here on rings it.
    if (this.#poll() || this.#someHold()) {
      Atomics.store(this.words, bell, 0);
      this.#turnSoon();
      return;
    }
    this.calls = 0;
    const wait = Atomics.waitAsync(this.words, bell, 1);
    if (!wait.async) {
      this.#turnSoon();
      return;
    }
    this.#armed = true;
    wait.value.then(() => {
      this.#armed = false;
      if (this.#closed) return;
      this.#turnSoon();
      if (this.drain() > 0 || this.#watches.size > 0) this.check();
    });
  }

  /** Whether a condition that somebody waits for holds already. */
  #someHold(): boolean {
    for (const { condition } of this.#watches) if (condition()) return true;
    return false;
  }

  #poll(): boolean {
    for (const reader of this.#readers) if (reader.poll()) return true;
    return false;
  }

  #drainLane(reader: LaneReader): number {
    const { words, clock } = this;
    let taken = 0;
    while (taken < budget) {
      const offset = reader.peek();
      if (offset < 0) break;
      const word = offset >>> 2;
      clock.merge(words[word + 8] as number, words[word + 9] as number, words[word + 10] as number);
      if (this.calls > 0 && ((words[word + 3] as number) & (replyWanted | replyRecord)) !== 0) {
        this.calls--;
      }
      const slots = slotsOf(words[word + 2] as number);
      this.#deliver(offset);
      reader.take(slots, 1);
      taken++;
    }
    if (taken < budget) reader.release();
    return taken;
  }

  #epochs(): number[] {
    return this.#readers.map(({ peer }) =>
      Atomics.load(this.words, (this.#layout.thread(peer) + threadBlock.idle) >>> 2),
    );
  }

  #lanesBetweenWorkersEmpty(): boolean {
    for (const { peer: from } of this.#readers) {
      for (const { peer: to } of this.#readers) {
        if (from !== to && !laneEmpty(this.words, this.#layout.lane(from, to))) return false;
      }
    }
    return true;
  }
}

interface Watch {
  readonly eachTurn: boolean;
  readonly condition: () => boolean;
  readonly resolve: () => void;
}
