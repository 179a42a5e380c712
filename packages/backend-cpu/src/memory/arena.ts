import { layoutLimit } from '@ringkernel/core';

/**
 * The shared memory of a device: a block of words per thread, a lane for each ordered pair of threads, and for each
 * thread its local queues and two areas of one largest message. Thread 0 is the host.
 */
export interface ArenaShape {
  /** Workers plus the host. */
  readonly threads: number;
  /** Slots of one lane. */
  readonly laneSlots: number;
}

/** One message with the largest inline payload. */
export const largestRecordBytes: number = layoutLimit.slotBytes + layoutLimit.inlinePayloadBytes;

/** Words of a thread's block, as byte offsets. Each 64-byte line has one writer, but for the bell. */
export const threadBlock = {
  sizeBytes: 256,
  /** 1 while the thread sleeps or is about to; whoever wakes it writes 0. */
  bell: 0,
  /** Grows by one when the thread has nothing left at all (then odd) and when it goes on (then even). */
  idle: 64,
  /** Grows with each turn of the thread's loop that did something. */
  heartbeat: 72,
  /** Lockstep: the last phase the thread has finished. */
  phaseDone: 76,
  /** Grows by one with each control message posted to the thread. */
  control: 128,
  /** Lockstep: the phase the host asks for. Odd: deliver, even: handle; two for each round. */
  phase: 132,
  /** Lockstep: base address of the one kernel that handles in this round, 0 = all. */
  only: 140,
  /** In the host's block: whether the host waits for something that the workers do. */
  watching: 136,
} as const;

/** Values of `threadBlock.watching`: the host wants to know when all workers sleep, or of each of their turns. */
export const watchIdle = 1;
export const watchTurns = 2;

/**
 * Words of a lane's head, as byte offsets: 128 bytes between producer and consumer. The last three are for the thread
 * that takes over when the consumer dies: how far it really was, which record it had begun (from 1), and how many of
 * those it took were not of normal priority.
 */
export const laneHead = {
  sizeBytes: 256,
  tail: 0,
  urgent: 4,
  head: 128,
  taken: 132,
  begun: 136,
  urgentTaken: 140,
} as const;

/** Slots of a worker's local queue per priority; most traffic is normal. */
export const localSlots: readonly number[] = [4096, 16_384, 4096, 4096];

/** Byte offsets of everything in an arena of a shape. */
export class ArenaLayout {
  readonly shape: ArenaShape;
  readonly sizeBytes: number;
  readonly #lanes: number;
  readonly #locals: number;
  readonly #areas: number;
  readonly #laneBytes: number;
  readonly #localBytes: number;

  constructor(shape: ArenaShape) {
    const { threads, laneSlots } = shape;
    this.shape = shape;
    this.#laneBytes = laneHead.sizeBytes + laneSlots * layoutLimit.slotBytes;
    this.#localBytes = localSlots.reduce((sum, slots) => sum + slots * layoutLimit.slotBytes, 0);
    this.#lanes = threads * threadBlock.sizeBytes;
    this.#locals = this.#lanes + threads * (threads - 1) * this.#laneBytes;
    this.#areas = this.#locals + (threads - 1) * this.#localBytes;
    this.sizeBytes = this.#areas + threads * 2 * largestRecordBytes;
  }

  thread(thread: number): number {
    return thread * threadBlock.sizeBytes;
  }

  lane(from: number, to: number): number {
    const index = from * (this.shape.threads - 1) + (to < from ? to : to - 1);
    return this.#lanes + index * this.#laneBytes;
  }

  /** The local queue of a worker (1 and up) for a priority. */
  local(worker: number, priority: number): number {
    let offset = this.#locals + (worker - 1) * this.#localBytes;
    for (let p = 0; p < priority; p++) offset += (localSlots[p] as number) * layoutLimit.slotBytes;
    return offset;
  }

  /** Where a record is written that has no place yet. */
  scratch(thread: number): number {
    return this.#areas + thread * 2 * largestRecordBytes;
  }

  /** Where a record from a mailbox lies while it is handled. */
  stage(thread: number): number {
    return this.scratch(thread) + largestRecordBytes;
  }
}
