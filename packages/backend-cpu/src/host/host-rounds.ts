import { DeviceClosedError, deadLetterCode } from '@ringkernel/core';
import { type ArenaLayout, threadBlock } from '../memory/arena.ts';
import {
  deadLetterRecord,
  faultRecord,
  fromSender,
  goodbyeRecord,
  slotsAt,
} from '../queue/record.ts';
import type { Pump } from './pump.ts';

/**
 * The lockstep schedule from the host's side: starts each phase on all workers, waits until all are through, and
 * hands over what the round gave in an order that does not depend on how many workers there are.
 */
export class HostRounds {
  readonly #pump: Pump;
  readonly #layout: ArenaLayout;
  readonly #stage: number;
  readonly #deliver: (offset: number) => void;
  #phase = 0;
  #collected: Int32Array[] | null = null;
  #turn: Promise<void> = Promise.resolve();

  /** `deliver` hands over the record at a byte offset of the arena. */
  constructor(pump: Pump, layout: ArenaLayout, deliver: (offset: number) => void) {
    this.#pump = pump;
    this.#layout = layout;
    this.#stage = layout.stage(0);
    this.#deliver = deliver;
    pump.clock.setRound(0);
  }

  /** Runs rounds; those asked for earlier come first. */
  step(rounds: number): Promise<void> {
    return this.#after(async () => {
      for (let i = 0; i < rounds; i++) await this.#collect(() => this.#round(0));
    });
  }

  /** One round in which only the kernel at this address handles what it has: it is about to end. */
  drain(baseAddress: number): Promise<void> {
    return this.#after(() => this.#collect(() => this.#round(baseAddress)));
  }

  /** What comes from the workers during `action` is handed over in order when it is done. */
  ordered(action: () => Promise<void>): Promise<void> {
    return this.#after(() => this.#collect(action));
  }

  /** Keeps a record until its round is over; false when it need not wait. */
  keep(offset: number): boolean {
    if (this.#collected === null) return false;
    const { words } = this.#pump;
    const word = offset >>> 2;
    if (((words[word + 3] as number) & goodbyeRecord) === goodbyeRecord) return false;
    this.#collected.push(words.slice(word, word + (slotsAt(words, word) << 4)));
    return true;
  }

  #after(action: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(action);
    this.#turn = done.catch(() => {});
    return done;
  }

  async #round(onlyAddress: number): Promise<void> {
    await this.#runPhase(0);
    await this.#runPhase(onlyAddress);
    this.#pump.clock.setRound(this.#phase >>> 1);
  }

  async #runPhase(onlyAddress: number): Promise<void> {
    const { words } = this.#pump;
    this.#pump.publish();
    const phase = ++this.#phase;
    const blocks = this.#pump.writers
      .filter((lane) => lane !== undefined)
      .map(({ peer }) => ({ peer, at: this.#layout.thread(peer) }));
    for (const { peer, at } of blocks) {
      Atomics.store(words, (at + threadBlock.only) >>> 2, onlyAddress);
      Atomics.store(words, (at + threadBlock.phase) >>> 2, phase);
      this.#pump.ring(peer);
    }
    const done = (): boolean =>
      blocks.every(({ at }) => Atomics.load(words, (at + threadBlock.phaseDone) >>> 2) === phase);
    await this.#pump.watch(done, true);
    if (this.#pump.closed) throw new DeviceClosedError('a round');
    while (this.#pump.drain() > 0);
  }

  async #collect(action: () => Promise<void>): Promise<void> {
    const collected: Int32Array[] = [];
    this.#collected = collected;
    try {
      await action();
    } finally {
      this.#collected = null;
      collected.sort(byPlace);
      for (const record of collected) {
        this.#pump.words.set(record, this.#stage >>> 2);
        this.#deliver(this.#stage);
      }
    }
  }
}

/**
 * Where a record belongs among all that a round gives: first what found a mailbox full or nobody, in the order of
 * arrival, then by the instance that was handling. Sorting is stable, so one worker's records keep their order.
 */
function byPlace(a: Int32Array, b: Int32Array): number {
  const [first, second] = [placeOf(a), placeOf(b)];
  if (first.delivery !== second.delivery) return first.delivery ? -1 : 1;
  if (first.address !== second.address) return first.address - second.address;
  return first.delivery ? (first.send - second.send) | 0 : 0;
}

function placeOf(record: Int32Array): { delivery: boolean; address: number; send: number } {
  const packed = record[3] as number;
  const [reason, source, destination] = [record[0], record[12] as number, record[13] as number];
  const isDead = (packed & deadLetterRecord) !== 0;
  // Nobody was there: it has its place like what found no room; what is buried where it waited has none.
  const nobody = reason === deadLetterCode.terminated && record[15] !== 0;
  if (isDead && (reason === deadLetterCode.queueFull || nobody)) {
    return { delivery: true, address: (record[14] as number) >>> 0, send: record[15] as number };
  }
  const atReceiver = isDead ? !fromSender(reason as number) : (packed & faultRecord) !== 0;
  return { delivery: false, address: (atReceiver ? destination : source) >>> 0, send: 0 };
}
