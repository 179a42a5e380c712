import { deadLetterCode } from '@ringkernel/core';
import { originAt, priorityAt, slotsAt } from '../queue/record.ts';
import type { Engine } from './engine.ts';
import type { Handling } from './handling.ts';
import { absentFlag, failedFlag, type WorkerKernel } from './kernel.ts';
import type { Mailbox } from './mailbox.ts';

/**
 * The lockstep schedule of one worker. A round has two phases, which the host starts on all workers together: in the
 * first each worker delivers what arrived, in the order of (source, send); in the second it handles what its
 * mailboxes hold, in the order of addresses. What is sent meanwhile is kept for the next round.
 */
export class Rounds {
  readonly #engine: Engine;
  readonly #handling: Handling;
  readonly #words: Int32Array;
  #inbox: Int32Array[] = [];
  /** Mailboxes that hold something. */
  readonly #held: Set<Mailbox> = new Set();

  constructor(engine: Engine, arena: SharedArrayBuffer) {
    this.#engine = engine;
    this.#handling = engine.handling;
    this.#words = new Int32Array(arena);
  }

  /** Copies what has arrived, so that lanes never stay full; how many. */
  take(): number {
    let taken = 0;
    for (const reader of this.#engine.readers) {
      for (let offset = reader.peek(); offset >= 0; offset = reader.peek()) {
        const record = this.#keep(offset >>> 2);
        reader.take(record.length >>> 4, priorityAt(record, 0));
        taken++;
      }
      reader.release();
    }
    for (const queue of this.#engine.outbox.locals) {
      while (!queue.empty) {
        const record = this.#keep(queue.peek() >>> 2);
        queue.take(record.length >>> 4);
        taken++;
      }
    }
    return taken;
  }

  /** First phase: parked messages get the room there is, then what arrived is delivered. */
  deliver(): void {
    this.take();
    for (const mailbox of this.#held) mailbox.admit();
    const arrived = this.#inbox;
    this.#inbox = [];
    arrived.sort(bySourceAndSend);
    for (const record of arrived) this.#deliverOne(record);
  }

  /** Second phase: every running kernel, or only the one at this address, handles what its mailboxes hold. */
  run(onlyAddress: number): void {
    const began = performance.now();
    const due = [...this.#held].filter(
      ({ kernel }) => !kernel.paused && (onlyAddress === 0 || kernel.base === onlyAddress),
    );
    due.sort((a, b) => a.kernel.base + a.instance - (b.kernel.base + b.instance));
    for (const mailbox of due) this.#runOne(mailbox);
    this.#engine.outbox.flush();
    this.#engine.shareBusy((performance.now() - began) * 1_000);
  }

  /** Everything that waits for a kernel becomes dead letters. */
  bury(kernel: WorkerKernel): void {
    this.take();
    const mine = [...this.#held].filter((mailbox) => mailbox.kernel === kernel);
    mine.sort((a, b) => a.instance - b.instance);
    for (const mailbox of mine) {
      this.#handling.buryAll(mailbox, deadLetterCode.terminated);
      this.#held.delete(mailbox);
    }
    const page = kernel.base >>> 6;
    const stays: Int32Array[] = [];
    for (const record of this.#inbox) {
      const instance = ((record[13] as number) - kernel.base) | 0;
      if ((record[13] as number) >>> 6 < page || instance < 0 || instance >= kernel.instances) {
        stays.push(record);
      } else this.#handling.dead(kernel, record, deadLetterCode.terminated);
    }
    this.#inbox = stays;
  }

  /** The same for one instance: what it has, then what is on its way, in the order in which that was sent. */
  buryInstance(kernel: WorkerKernel, instance: number): void {
    this.take();
    const mailbox = kernel.mailboxes.get(instance);
    if (mailbox !== undefined) {
      this.#handling.buryAll(mailbox, deadLetterCode.terminated);
      this.#held.delete(mailbox);
    }
    const address = kernel.base + instance;
    const mine = this.#inbox.filter((record) => record[13] === address);
    this.#inbox = this.#inbox.filter((record) => record[13] !== address);
    mine.sort(byRoundAndSend);
    for (const record of mine) {
      if (originAt(record, 0) === 0) kernel.countTaken(instance);
      this.#handling.dead(kernel, record, deadLetterCode.terminated);
    }
  }

  #keep(word: number): Int32Array {
    const record = this.#words.slice(word, word + (slotsAt(this.#words, word) << 4));
    this.#inbox.push(record);
    return record;
  }

  #deliverOne(record: Int32Array): void {
    const destination = record[13] as number;
    const kernel = this.#engine.outbox.pages[destination >>> 6];
    if (kernel === undefined) return this.#handling.lost(record);
    if (kernel.buried) return this.#handling.dead(kernel, record, deadLetterCode.terminated);
    const instance = (destination - kernel.base) | 0;
    const absent = ((kernel.flags[instance] as number) & absentFlag) !== 0;
    const mailbox = absent ? null : kernel.mailbox(instance);
    const dropped = mailbox === null ? record : mailbox.add(record, 0);
    if (mailbox !== null) this.#held.add(mailbox);
    if (originAt(record, 0) === 0) kernel.countTaken(instance);
    if (dropped === null) return;
    // Its place among the dead letters of all workers is that of the message that pushed it out.
    const [source, send] = [originAt(record, 0), record[4] as number];
    dropped[14] = source;
    dropped[15] = send;
    const { queueFull, terminated } = deadLetterCode;
    this.#handling.dead(kernel, dropped, absent ? terminated : queueFull);
  }

  #runOne(mailbox: Mailbox): void {
    const { kernel, instance } = mailbox;
    if (kernel.holds && this.#failed(mailbox)) return;
    const records = mailbox.takeAll();
    let handled = 0;
    for (const record of records) {
      if (this.#failed(mailbox)) break;
      this.#handling.handleCopy(kernel, instance, record);
      handled++;
    }
    const left = records.slice(handled);
    if (kernel.holds) mailbox.putBack(left);
    else if (this.#failed(mailbox)) {
      for (const record of left) this.#handling.dead(kernel, record, deadLetterCode.instanceFailed);
      this.#handling.buryAll(mailbox, deadLetterCode.instanceFailed);
    }
    if (mailbox.empty) this.#held.delete(mailbox);
  }

  #failed({ kernel, instance }: Mailbox): boolean {
    return ((kernel.flags[instance] as number) & failedFlag) !== 0;
  }
}

/** Ids of one thread grow with each message, so within a source they tell the order of sending. */
function bySourceAndSend(a: Int32Array, b: Int32Array): number {
  const sources = (originAt(a, 0) >>> 0) - (originAt(b, 0) >>> 0);
  return sources !== 0 ? sources : ((a[4] as number) - (b[4] as number)) | 0;
}

/** As they were sent: by the instances in a round, in the order of their addresses, then by the host behind it. */
function byRoundAndSend(a: Int32Array, b: Int32Array): number {
  const sources = ((originAt(a, 0) - 1) >>> 0) - ((originAt(b, 0) - 1) >>> 0);
  return sources !== 0 ? sources : ((a[4] as number) - (b[4] as number)) | 0;
}
