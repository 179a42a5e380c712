import type { MessageIdGenerator } from '@ringkernel/core';
import type { GpuBuffer } from '../gpu/api.ts';
import { counter, header, overflow, status } from '../text/layout.ts';
import { aloneFor, type Due, dueOf, nobodyDue } from './alone.ts';
import type { Batch } from './batch.ts';
import type { SharedBuffers } from './buffers.ts';
import type { Clock } from './clock.ts';
import type { Engine, Outcome, Submit } from './engine.ts';
import type { GpuKernel } from './kernel.ts';
import type { Lane } from './lane.ts';
import { Outbox } from './outbox.ts';

/** An address that no kernel has. */
const nobody = 0;

/** A submit under way. */
export interface Flight {
  readonly lane: Lane;
  readonly submit: Submit;
  readonly began: number;
  /** Messages of the host that will have gone up when it is done. */
  readonly target: number;
  readonly finish: () => Promise<Outcome>;
}

/** Submits to the device, takes in what comes back, and makes room when the device halts for lack of it. */
export class Rounds {
  readonly kernels: GpuKernel[] = [];
  readonly outbox: Outbox;
  /** What the last submit left to do. */
  #due: Due = nobodyDue;
  /** Milliseconds that a round takes, lately. */
  tickMs = 0.5;
  readonly #engine: Engine;
  readonly #shared: SharedBuffers;
  readonly #clock: Clock;
  readonly #epochMs: number;
  /** Milliseconds that a message of a large batch takes, lately. */
  #messageMs = 0;
  #sentUp = 0;
  #lastEnd = 0;
  readonly #landed: (batch: Batch) => void;
  /** Batches that the device has taken in, but in no round yet. */
  readonly #ingested: Batch[] = [];
  /** Behind the last stamp that the submits under way may give. */
  #stampedUs = 0;
  /** Ends of messages at the last overflow: when there are no more since, there must be more room. */
  #ends = 0;
  #endsAtOverflow = -1;

  constructor(
    engine: Engine,
    shared: SharedBuffers,
    clock: Clock,
    ids: MessageIdGenerator,
    epochMs: number,
    landed: (batch: Batch) => void,
  ) {
    this.#engine = engine;
    this.#shared = shared;
    this.#clock = clock;
    this.#epochMs = epochMs;
    this.#landed = landed;
    this.outbox = new Outbox((address) => this.kernelOf(address), ids, clock, clock.lockstep);
  }

  submitOf(ticks: number, batch: Batch | null = null): Submit {
    return {
      batch,
      ticks,
      alone: null,
      rounds: ticks,
      kernels: this.kernels.map(({ slot }) => slot),
      pass: 'rounds',
      ...this.#stampsOf(ticks),
      nowMs: Math.floor(Date.now() - this.#epochMs) >>> 0,
    };
  }

  /** A kernel has ended: what is known of what is due may be about it. */
  remove(kernel: GpuKernel): void {
    this.kernels.splice(this.kernels.indexOf(kernel), 1);
    this.#due = nobodyDue;
  }

  /** At most so many rounds in one dispatch, where it is likely to do; null where it is not. */
  aloneOf(rounds: number, batch: Batch | null): Submit | null {
    const alone = aloneFor(this.#due, batch, (address) => this.kernelOf(address));
    return alone === null ? null : { ...this.submitOf(rounds, batch), alone };
  }

  /** Where the device's clock starts, and its step from round to round: later than that of any submit before. */
  #stampsOf(rounds: number): { readonly physical: number; readonly tickUs: number } {
    this.#clock.expire();
    this.#clock.tick();
    if (this.#clock.lockstep) return { physical: this.#clock.physical, tickUs: 0 };
    const physical = Math.max(this.#clock.physical, this.#stampedUs);
    const tickUs = Math.max(1, Math.round(this.tickMs * 1000));
    this.#stampedUs = physical + rounds * tickUs;
    return { physical, tickUs };
  }

  /** What the host stamps from here on comes after what these rounds have stamped. */
  #reach({ physical, tickUs, rounds }: Submit, ran: number): void {
    if (this.#clock.lockstep) return;
    const reached = physical + ran * tickUs;
    this.#clock.reach(reached);
    // The last of those under way: rounds that were not run, since nothing was left to do, took no time.
    if (physical + rounds * tickUs === this.#stampedUs) this.#stampedUs = reached;
  }

  /** Sends a submit off on a lane that is free. */
  async start(lane: Lane, submit: Submit): Promise<Flight> {
    const began = performance.now();
    this.#sentUp += submit.batch?.count ?? 0;
    const target = this.#sentUp;
    const finish = await this.#engine.start(lane, submit, this.#pauseFor(submit));
    return { lane, submit, began, target, finish };
  }

  /** While a promise of the device is open Node's event loop turns without a rest: a large batch has that core, too. */
  #pauseFor({ batch }: Submit): number {
    const ms = this.#messageMs * (batch?.count ?? 0) * pausedPart;
    return ms < shortestPauseMs ? 0 : Math.min(ms, longestPauseMs);
  }

  /** Learns what a message of a large batch takes. */
  #learn({ batch }: Submit, elapsed: number): void {
    if (batch === null || batch.count < largeBatch) return;
    const ms = elapsed / batch.count;
    this.#messageMs += (this.#messageMs === 0 ? 1 : 0.2) * (ms - this.#messageMs);
  }

  /** Waits for a submit and takes in what it left. */
  async land({ lane, submit, began, target, finish }: Flight): Promise<Uint32Array> {
    const { status: figures, records } = await finish();
    const now = performance.now();
    const elapsed = now - Math.max(began, this.#lastEnd);
    this.#lastEnd = now;
    const ran = figures[status.ticks] as number;
    this.#reach(submit, ran);
    if (ran > 0) this.tickMs += 0.2 * (elapsed / ran - this.tickMs);
    this.#learn(submit, elapsed);
    this.#count(figures, elapsed);
    this.#due = dueOf(figures, this.kernels);
    this.outbox.collect(records);
    if (submit.batch !== null && (((figures[status.ingested] as number) - target) | 0) >= 0) {
      this.#ingested.push(submit.batch);
      lane.batch = null;
    }
    // Only a round tells how deep mailboxes are; until then what is in them counts as on its way.
    if (roundsOf(figures) > 0) {
      for (const batch of this.#ingested.splice(0)) {
        this.#acknowledge(batch);
        this.#landed(batch);
      }
    }
    return figures;
  }

  /** Submits until the device has done all of it, and nothing else is under way. */
  async repeat(submit: Submit): Promise<{ figures: Uint32Array; rounds: number }> {
    const flight = await this.start(this.#engine.lanes[0] as Lane, submit);
    return await this.finish(flight, await this.land(flight));
  }

  /** Goes on with a submit that has landed: when the device halted, it gets room. Nothing else may be under way. */
  async finish(
    { lane, submit, target }: Flight,
    landed: Uint32Array,
  ): Promise<{ figures: Uint32Array; rounds: number }> {
    let figures = landed;
    let rounds = roundsOf(figures);
    for (;;) {
      const over = (figures[status.halt] as number) | (figures[status.overflow] as number);
      if (over !== 0) await this.#makeRoom(over);
      if (over === 0 && lane.batch === null) return { figures, rounds };
      const left = submit.pass === 'rounds' ? submit.rounds - rounds : submit.rounds;
      const again = {
        ...submit,
        ...this.#stampsOf(left),
        batch: lane.batch,
        ticks: left,
        rounds: left,
      };
      const finish = await this.#engine.start(lane, again);
      figures = await this.land({ lane, submit: again, began: performance.now(), target, finish });
      rounds += roundsOf(figures);
    }
  }

  /** Whether the messages should move to the other half of the heap. */
  crowded(figures: Uint32Array): boolean {
    const used = (figures[status.heap] as number) - this.#shared.heapStart;
    return used > this.#shared.heapWords / 2;
  }

  /** Moves all messages to the other half of the heap; returns how many words they have. */
  async move(): Promise<number> {
    this.#shared.upper = !this.#shared.upper;
    this.write(this.#shared.status, status.heap, this.#shared.heapStart);
    const submit: Submit = { ...this.submitOf(1), pass: 'move' };
    const { status: figures } = await (
      await this.#engine.start(this.#engine.lanes[0] as Lane, submit)
    )();
    return (figures[status.heap] as number) - this.#shared.heapStart;
  }

  write(buffer: GpuBuffer, word: number, ...words: readonly number[]): void {
    this.#engine.write(buffer, word, ...words);
  }

  kernelOf(address: number): GpuKernel | undefined {
    return this.kernels.find(
      ({ base, instances }) => address >= base && address < base + instances,
    );
  }

  #count(figures: Uint32Array, elapsed: number): void {
    const shares = this.kernels.map(({ counted, slot: { counters } }) =>
      counted.take(figures.subarray(counters, counters + counter.words)),
    );
    const handled = shares.reduce((sum, share) => sum + share, 0);
    this.kernels.forEach(({ counted }, i) => {
      if (handled > 0) counted.busyMs += (elapsed * (shares[i] as number)) / handled;
    });
    this.#ends = this.kernels.reduce((sum, { counted }) => sum + counted.ended, 0);
  }

  /** What had gone up for this instance is buried: no round will tell of it. */
  buried(address: number): void {
    const kernel = this.kernelOf(address);
    for (const { words, places } of this.#ingested) {
      for (const place of places) {
        if (words[place + header.destination] !== address) continue;
        words[place + header.destination] = nobody;
        kernel?.arrived(address);
      }
    }
  }

  #acknowledge({ words, places }: Batch): void {
    for (const place of places) {
      const address = words[place + header.destination] as number;
      this.kernelOf(address)?.arrived(address);
    }
  }

  /** Records are read, so they have room; messages get it by moving, and both by growing when that does not help. */
  async #makeRoom(over: number): Promise<void> {
    let grow = this.#ends === this.#endsAtOverflow ? over : 0;
    this.#endsAtOverflow = this.#ends;
    if ((over & overflow.heap) !== 0) {
      const used = await this.move();
      if (used > this.#shared.heapWords / 2) grow |= overflow.heap;
    }
    if (grow !== 0) await this.#shared.grow(grow);
    else if ((over & overflow.egress) !== 0 && this.#shared.mayHoldMoreRecords) {
      // They have been read and have room now; more of it spares later submits a halt, and none is no failure.
      await this.#shared.grow(overflow.egress).catch(() => {});
    }
    this.write(this.#shared.status, status.halt, 0);
    this.write(this.#shared.status, status.overflow, 0);
  }
}

/** Of the time that a batch takes as a rule nothing is asked in this part, unless it is shorter than that. */
const pausedPart = 0.75;
const shortestPauseMs = 5;
const longestPauseMs = 1000;
const largeBatch = 1024;

/** Rounds that are complete: the last one is not when the device halted in it. */
function roundsOf(figures: Uint32Array): number {
  const ran = figures[status.ticks] as number;
  return ran - (ran > 0 && figures[status.halt] !== 0 ? 1 : 0);
}
