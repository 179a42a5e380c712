import { type AtomicWords, deadLetterCode, layoutLimit } from '@ringkernel/core';
import { type ArenaLayout, localSlots, threadBlock } from '../memory/arena.ts';
import type { KernelMeter } from '../memory/meter.ts';
import { LaneWriter } from '../queue/lane.ts';
import { LocalQueue } from '../queue/local-queue.ts';
import {
  copySlots,
  deadLetterRecord,
  headerBytes,
  replyRecord,
  replyWanted,
  slotsAt,
  slotsOf,
} from '../queue/record.ts';
import type { Spill } from '../queue/spill.ts';
import type { StampClock } from './clock.ts';
import type { WorkerKernel } from './kernel.ts';

/** Records written to a lane before it is published within a turn. */
const publishEvery = 32;
const host = 0;
/** Ids that a thread may give before they could meet those of the one that takes over from it, in units of 2^32. */
const idsOfGeneration = 16;

/** The sending side of a worker: finds the receiver's thread, writes headers, keeps the order when there is no room. */
export class Outbox {
  /** Kernel by `address >>> 6`. */
  readonly pages: (WorkerKernel | undefined)[] = [];
  /** Queues of this worker's own instances, by priority. */
  readonly locals: readonly LocalQueue[];
  /** Records in private lists because their queue was full. */
  spilled = 0;
  /** Of these, for other workers, when the last turn ended. */
  crowded = 0;
  /** Set when a record of another priority than normal enters a local queue. */
  urgent = false;
  /** Meters that want their share of the busy time. */
  readonly busy: KernelMeter[] = [];

  readonly words: Int32Array;
  readonly clock: StampClock;
  readonly #atomics: AtomicWords;
  readonly #layout: ArenaLayout;
  readonly #thread: number;
  readonly #lanes: readonly (LaneWriter | undefined)[];
  readonly #scratch: number;
  readonly #idHigh: number;
  readonly #dirtyLanes: LaneWriter[] = [];
  readonly #dirtyMeters: KernelMeter[] = [];
  /** Where the record in the scratch area belongs. */
  #staged: Spill | null = null;
  #idLow = 0;
  #idCarry = 0;

  constructor(
    arena: SharedArrayBuffer,
    atomics: AtomicWords,
    layout: ArenaLayout,
    thread: number,
    clock: StampClock,
    generation: number,
  ) {
    const { threads, laneSlots } = layout.shape;
    this.words = new Int32Array(arena);
    this.clock = clock;
    this.#atomics = atomics;
    this.#layout = layout;
    this.#thread = thread;
    this.#lanes = Array.from({ length: threads }, (_, to) =>
      to === thread
        ? undefined
        : new LaneWriter(arena, atomics, layout.lane(thread, to), laneSlots, to),
    );
    this.locals = localSlots.map(
      (slots, priority) => new LocalQueue(arena, layout.local(thread, priority), slots),
    );
    this.#scratch = layout.scratch(thread);
    this.#idHigh = clock.node << 8;
    this.#idCarry = (generation * idsOfGeneration) & 255;
  }

  /** `ctx.send`: byte offset of the payload. */
  send(
    kernel: WorkerKernel,
    sender: number,
    destination: number,
    type: number,
    size: number,
    priority: number,
  ): number {
    if (this.#staged !== null) this.stash();
    kernel.meter.bytesOut += size;
    this.mark(kernel.meter);
    const source = kernel.base + sender;
    const target = this.pages[destination >>> 6];
    const instance = target === undefined ? -1 : (destination - target.base) | 0;
    if (target === undefined || instance >= target.instances) {
      const reason = deadLetterCode.notFound;
      return this.#undeliverable(kernel, reason, source, destination, type, size, priority);
    }
    if (target.tenant !== kernel.tenant) {
      const reason = deadLetterCode.tenantMismatch;
      return this.#undeliverable(kernel, reason, source, destination, type, size, priority);
    }
    if (target.closing) {
      const reason = deadLetterCode.terminated;
      return this.#undeliverable(target, reason, source, destination, type, size, priority);
    }
    target.meter.sent++;
    target.meter.pending++;
    this.mark(target.meter);
    const owner = target.owners[instance >>> target.shift] as number;
    const offset =
      owner === this.#thread
        ? this.#claimLocal(slotsOf(size), priority)
        : this.#claimLane(owner, slotsOf(size), priority);
    const payload = this.#header(offset, type, size, priority, 0, 0, source, destination);
    // In lockstep nothing is on its way while an instance begins or ends.
    if (!this.clock.lockstep) this.words[(offset >>> 2) + 15] = target.lives[instance] as number;
    return payload;
  }

  /** `ctx.reply` to the message whose header begins at byte `header`. */
  reply(kernel: WorkerKernel, sender: number, header: number, type: number, size: number): number {
    return this.answer(kernel, sender, this.words, header >>> 2, type, size);
  }

  /** The same for a message whose header begins at a word of `asked`. */
  answer(
    kernel: WorkerKernel,
    sender: number,
    asked: Int32Array,
    word: number,
    type: number,
    size: number,
  ): number {
    if (this.#staged !== null) this.stash();
    const packed = asked[word + 3] as number;
    const low = asked[word + 6] as number;
    const high = asked[word + 7] as number;
    const source = kernel.base + sender;
    const to = asked[word + 12] as number;
    let flags = packed & 3;
    this.mark(kernel.meter);
    if ((packed & replyWanted) !== 0) {
      flags |= replyRecord;
      kernel.meter.replied++;
      kernel.meter.bytesOut += size;
    } else {
      flags |= deadLetterRecord;
      kernel.meter.deadLettered(deadLetterCode.noReplyExpected);
    }
    const offset = this.#claimLane(host, slotsOf(size), 1);
    this.words[offset >>> 2] =
      (flags & deadLetterRecord) === 0 ? 0 : deadLetterCode.noReplyExpected;
    return this.#header(offset, type, size, flags, low, high, source, to);
  }

  /** `ctx.emit`. */
  emit(kernel: WorkerKernel, sender: number, type: number, size: number): number {
    if (this.#staged !== null) this.stash();
    kernel.meter.emitted++;
    kernel.meter.bytesOut += size;
    this.mark(kernel.meter);
    const offset = this.#claimLane(host, slotsOf(size), 1);
    return this.#header(offset, type, size, 1, 0, 0, kernel.base + sender, 0);
  }

  /** Sends a finished record to the host, with other flags and a code in its first word. */
  forward(words: Int32Array, word: number, flags: number, code: number): void {
    if (this.#staged !== null) this.stash();
    const slots = slotsAt(words, word);
    const to = this.#claimLane(host, slots, 1) >>> 2;
    copySlots(words, word, this.words, to, slots);
    this.words[to] = code;
    this.words[to + 3] = (words[word + 3] as number) | flags;
    if (this.#staged !== null) this.stash();
  }

  /** Puts a finished record into the local queue of its priority; false when it has no room now. */
  requeue(word: number, slots: number, priority: number): boolean {
    const queue = this.locals[priority] as LocalQueue;
    if (queue.spill.count !== 0) return false;
    const offset = queue.claim(slots);
    if (offset < 0) return false;
    copySlots(this.words, word, this.words, offset >>> 2, slots);
    return true;
  }

  /** Moves the record in the scratch area to the list it belongs to. It is complete by now. */
  stash(): void {
    const spill = this.#staged;
    if (spill === null) return;
    this.#staged = null;
    spill.push(this.words, this.#scratch >>> 2);
    this.spilled++;
  }

  /** Puts a meter on the list of those to flush. */
  mark(meter: KernelMeter): void {
    if (meter.dirty) return;
    meter.dirty = true;
    this.#dirtyMeters.push(meter);
  }

  /** Ends a turn: counts are stored first, then the records they count are shown. Whether spilled records moved. */
  flush(): boolean {
    const before = this.spilled;
    if (this.spilled !== 0) this.#unspill();
    for (let i = 0; i < this.#dirtyMeters.length; i++) {
      const meter = this.#dirtyMeters[i] as KernelMeter;
      if (meter.flush()) this.busy.push(meter);
    }
    this.#dirtyMeters.length = 0;
    for (let i = 0; i < this.#dirtyLanes.length; i++) {
      const lane = this.#dirtyLanes[i] as LaneWriter;
      lane.dirty = false;
      this.#publish(lane);
    }
    this.#dirtyLanes.length = 0;
    return this.spilled !== before;
  }

  /** Whether a thread has taken everything that this one sent it. */
  drained(thread: number): boolean {
    return (this.#lanes[thread] as LaneWriter).drained;
  }

  /** Wakes a thread that sleeps. */
  ring(thread: number): void {
    const bell = (this.#layout.thread(thread) + threadBlock.bell) >>> 2;
    if (this.#atomics.load(bell) === 0) return;
    this.#atomics.store(bell, 0);
    Atomics.notify(this.words, bell);
  }

  #publish(lane: LaneWriter): void {
    lane.publish();
    this.ring(lane.peer);
  }

  /** Whether a lane that has spilled records has room for some of them. */
  get roomAgain(): boolean {
    return this.#lanes.some((lane) => lane !== undefined && lane.spill.count > 0 && lane.hasRoom());
  }

  #unspill(): void {
    this.crowded = 0;
    for (const lane of this.#lanes) {
      if (lane === undefined || lane.spill.count === 0) continue;
      this.spilled -= lane.unspill();
      if (lane.peer !== host) this.crowded += lane.spill.count;
      this.#touch(lane);
    }
    for (const queue of this.locals) {
      if (queue.spill.count !== 0) this.spilled -= queue.unspill();
    }
  }

  #touch(lane: LaneWriter): void {
    if (lane.dirty) return;
    lane.dirty = true;
    this.#dirtyLanes.push(lane);
  }

  #claimLocal(slots: number, priority: number): number {
    const queue = this.locals[priority] as LocalQueue;
    if (priority !== 1) this.urgent = true;
    if (queue.spill.count === 0) {
      const offset = queue.claim(slots);
      if (offset >= 0) return offset;
    }
    this.#staged = queue.spill;
    return this.#scratch;
  }

  #claimLane(thread: number, slots: number, priority: number): number {
    const lane = this.#lanes[thread] as LaneWriter;
    if (lane.pending >= publishEvery) {
      for (let i = 0; i < this.#dirtyMeters.length; i++) {
        (this.#dirtyMeters[i] as KernelMeter).flushSent();
      }
      this.#publish(lane);
    }
    this.#touch(lane);
    if (lane.spill.count === 0) {
      const offset = lane.claim(slots, priority);
      if (offset >= 0) return offset;
    }
    this.#staged = lane.spill;
    return this.#scratch;
  }

  /** A message that can't be sent goes to the host: it counts against the kernel given. */
  #undeliverable(
    kernel: WorkerKernel,
    reason: number,
    source: number,
    destination: number,
    type: number,
    size: number,
    priority: number,
  ): number {
    kernel.meter.sent++;
    kernel.meter.deadLettered(reason);
    this.mark(kernel.meter);
    const offset = this.#claimLane(host, slotsOf(size), 1);
    this.words[offset >>> 2] = reason;
    return this.#header(offset, type, size, priority | deadLetterRecord, 0, 0, source, destination);
  }

  /** Writes words 1 to 15 of a header; byte offset of the payload. Word 0 is for records to the host. */
  #header(
    offset: number,
    type: number,
    size: number,
    packed: number,
    correlationLow: number,
    correlationHigh: number,
    source: number,
    destination: number,
  ): number {
    const words = this.words;
    const clock = this.clock;
    const word = offset >>> 2;
    clock.tick();
    this.#idLow = (this.#idLow + 1) | 0;
    if (this.#idLow === 0) this.#idCarry = (this.#idCarry + 1) & 255;
    words[word + 1] = type;
    words[word + 2] = size;
    words[word + 3] = packed;
    words[word + 4] = this.#idLow;
    words[word + 5] = this.#idHigh | this.#idCarry;
    words[word + 6] = correlationLow;
    words[word + 7] = correlationHigh;
    words[word + 8] = clock.low;
    words[word + 9] = clock.high;
    words[word + 10] = clock.logical;
    words[word + 11] = clock.node;
    words[word + 12] = source;
    words[word + 13] = destination;
    words[word + 14] = 0;
    words[word + 15] = 0;
    return offset + headerBytes;
  }
}

/** Largest payload a lane of so many slots carries: a record may take half of it. */
export function largestPayload(laneSlots: number): number {
  return Math.min(layoutLimit.inlinePayloadBytes, (laneSlots >>> 1) * 64 - headerBytes);
}
