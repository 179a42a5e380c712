import type { Program } from '@ringkernel/compiler/back-end';
import { deadLetterCode, instanceWords } from '@ringkernel/core';
import { deadLetterRecord, originAt } from '../queue/record.ts';
import type { StampClock } from './clock.ts';
import { Faults } from './faults.ts';
import type { HostRequests } from './host-requests.ts';
import { absentFlag, failedFlag, mailedFlag, type WorkerKernel } from './kernel.ts';
import type { Mailbox } from './mailbox.ts';
import type { Outbox } from './outbox.ts';
import { ReadyMailboxes } from './ready-mailboxes.ts';
import type { TurnClock } from './turn-clock.ts';
import type { Watchdog } from './watchdog.ts';

/**
 * What becomes of a message that a thread has taken: its handler runs straight on the memory it lies in, it waits in a
 * mailbox, or it is a dead letter.
 */
export class Handling {
  readonly outbox: Outbox;
  readonly watchdog: Watchdog;
  readonly ready: ReadyMailboxes;
  /** Messages handled in this turn. */
  handled = 0;
  readonly #words: Int32Array;
  readonly #clock: StampClock;
  readonly #stage: number;
  readonly #time: TurnClock;
  readonly #faults: Faults;

  /** `stage`: where a record is put that lies outside of the arena. */
  constructor(
    outbox: Outbox,
    requests: HostRequests,
    stage: number,
    time: TurnClock,
    watchdog: Watchdog,
  ) {
    this.#words = outbox.words;
    this.outbox = outbox;
    this.#clock = outbox.clock;
    this.#stage = stage;
    this.#time = time;
    this.#faults = new Faults(outbox);
    this.watchdog = watchdog;
    this.ready = new ReadyMailboxes(this, requests);
  }

  /** The kernel runs from now on; what waits in its mailboxes is handled first. */
  activate(kernel: WorkerKernel): void {
    kernel.paused = false;
    for (const mailbox of kernel.mailboxes.values()) {
      this.ready.add(mailbox);
    }
  }

  /** The instance has a new state and may go on. */
  restart(kernel: WorkerKernel, instance: number): void {
    const own = kernel.wordOf(instance);
    kernel.words[own + instanceWords.faultSiteWord] = 0;
    kernel.words[own + instanceWords.faultValueWord] = 0;
    kernel.flags[instance] = (kernel.flags[instance] as number) & ~failedFlag;
    const mailbox = kernel.mailboxes.get(instance);
    if (mailbox !== undefined && !kernel.paused) this.ready.add(mailbox);
  }

  /** The instance ends: what waits for it becomes dead letters. */
  retire(kernel: WorkerKernel, instance: number): void {
    kernel.end(instance);
    const mailbox = kernel.mailboxes.get(instance);
    if (mailbox !== undefined) this.buryAll(mailbox, deadLetterCode.terminated);
  }

  /** Nothing of this kernel is handled any more: what waits and what still comes become dead letters. */
  bury(kernel: WorkerKernel): void {
    kernel.buried = true;
    kernel.paused = true;
    for (const mailbox of kernel.mailboxes.values()) {
      this.buryAll(mailbox, deadLetterCode.terminated);
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

  /** `env.fault`: the first fault of a handler counts. */
  fault(site: number, value: number): void {
    this.#faults.note(site, value);
  }

  /** The thread before this one died while the record's handler ran: it is not handled again. */
  interrupted(word: number): void {
    const destination = this.#words[word + 13] as number;
    const kernel = this.outbox.pages[destination >>> 6];
    if (kernel === undefined) {
      this.outbox.forward(this.#words, word, deadLetterRecord, deadLetterCode.notFound);
    } else {
      this.#dead(kernel, this.#words, word, deadLetterCode.instanceFailed);
      if (originAt(this.#words, word) === 0) kernel.countTaken((destination - kernel.base) | 0);
    }
  }

  /** A record of the arena. */
  dispatch(word: number, offset: number): void {
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
    if (originAt(this.#words, word) !== 0) return;
    // As in `countTaken`: for each message a call would cost more than what it does.
    const taken = kernel.wordOf(instance) + instanceWords.hostTakenWord;
    kernel.words[taken] = ((kernel.words[taken] as number) + 1) | 0;
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
      else if (!kernel.paused) this.ready.add(mailbox);
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
    this.handled++;
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
      this.buryAll(mailbox, deadLetterCode.instanceFailed);
    }
  }

  /** What waits by priority, then what is parked in order of arrival. */
  buryAll(mailbox: Mailbox, reason: number): void {
    for (const record of mailbox.takeAll()) this.dead(mailbox.kernel, record, reason);
    for (const record of mailbox.takeParked()) this.dead(mailbox.kernel, record, reason);
  }
}
