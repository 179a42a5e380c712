import type { Program } from '@ringkernel/compiler/back-end';
import { type FullPolicy, instanceWords } from '@ringkernel/core';
import type { KernelStart } from '../control/messages.ts';
import { bufferOf } from '../memory/arena-memory.ts';
import { beforeHeadBytes, KernelMemory } from '../memory/kernel-memory.ts';
import { KernelMeter } from '../memory/meter.ts';
import type { HostLoop } from './host-loop.ts';
import { Mailbox } from './mailbox.ts';

/** Why a message may not be handled straight away: bits of `WorkerKernel.flags`. */
export const failedFlag = 1;
/** Something waits in the mailbox: later messages go behind it. */
export const mailedFlag = 2;

/** A loop takes its messages from the mailbox. */
export const loopFlag = 4;

/** Nobody lives there. */
export const absentFlag = 8;

/** A kernel as one worker knows it. Every worker has one of each: for its own instances and to send to the others. */
export class WorkerKernel {
  readonly name: string;
  readonly base: number;
  readonly instances: number;
  readonly shift: number;
  readonly owners: Uint8Array;
  readonly queueCapacity: number;
  readonly onFull: FullPolicy;
  /** Messages to a failed instance wait for its restart. */
  readonly holds: boolean;
  readonly rollback: boolean;
  readonly tenant: number;
  readonly stateBytes: number;
  readonly memory: SharedArrayBuffer;
  readonly layout: KernelMemory;
  readonly meter: KernelMeter;
  /** A byte per instance; 0 = its messages are handled as they come. */
  readonly flags: Uint8Array;
  /** Mailboxes of the instances that needed one. */
  readonly mailboxes: Map<number, Mailbox> = new Map();
  /** The words of all instances. */
  readonly words: Int32Array;
  readonly firstWord: number;
  /** How often each instance has begun and ended: messages carry the number that their sender saw. */
  readonly lives: Int32Array;
  program: Program | null = null;
  /** With rollback: where the state of the instance whose handler runs is kept as it was before, else -1. */
  readonly #beforeAt: number;
  /** Host-only: the loops of the instances that this worker owns. */
  readonly loops: Map<number, HostLoop> = new Map();
  /** Launched or deactivated: messages queue. */
  paused = true;
  /** Terminating: nobody may send to it any more. */
  closing = false;
  /** Terminated: what still arrives becomes dead letters. */
  buried = false;

  constructor(start: KernelStart, thread: number, threads: number) {
    this.name = start.name;
    this.base = start.baseAddress;
    this.instances = start.instances;
    this.shift = start.shift;
    this.owners = start.owners;
    this.queueCapacity = start.queueCapacity;
    this.onFull = start.onFull;
    this.holds = start.onFailure === 'wait';
    this.rollback = start.rollback;
    this.tenant = start.tenant;
    this.stateBytes = start.stateBytes;
    this.memory = bufferOf(start.memory);
    this.layout = new KernelMemory(
      threads,
      start.ownerThreads,
      start.instances,
      start.stateBytes,
      start.webAssembly?.stage.sizeBytes ?? 0,
      start.rollback,
    );
    this.#beforeAt = this.layout.before(thread);
    const { layout } = this;
    this.meter = new KernelMeter(this.memory, layout.counters(thread), layout.latency(thread));
    this.flags = new Uint8Array(start.instances);
    this.words = new Int32Array(this.memory);
    this.firstWord = layout.instancesOffset >>> 2;
    this.lives = new Int32Array(this.memory, layout.livesOffset, start.instances);
    for (let i = 0; i < this.instances; i++) {
      if (((this.lives[i] as number) & 1) === 1) this.flags[i] = absentFlag;
    }
    if (start.revived) this.#revive(thread);
  }

  /** What this thread's instances had waiting died with the thread before it, and they have failed. */
  #revive(thread: number): void {
    this.meter.forgetParked();
    for (let i = 0; i < this.instances; i++) {
      const own = this.owners[i >>> this.shift] === thread;
      if (own && this.flags[i] !== absentFlag) this.flags[i] = failedFlag;
    }
  }

  /** Index in `words` of an instance's own. */
  wordOf(instance: number): number {
    return this.firstWord + instance * instanceWords.sizeWords;
  }

  /** Nobody lives there any more. Said twice it counts once. */
  end(instance: number): void {
    this.lives[instance] = (this.lives[instance] as number) | 1;
    this.flags[instance] = absentFlag;
  }

  /** An instance begins, with the state that it has been given. Said twice it counts once. */
  begin(instance: number): void {
    const own = this.wordOf(instance);
    this.words[own + instanceWords.faultSiteWord] = 0;
    this.words[own + instanceWords.faultValueWord] = 0;
    this.words[own + instanceWords.drawsWord] = 0;
    const life = this.lives[instance] as number;
    this.lives[instance] = life + (life & 1);
    this.flags[instance] = 0;
  }

  /** The instance has taken in a message of the host, which gives it credit for another one. */
  countTaken(instance: number): void {
    const taken = this.wordOf(instance) + instanceWords.hostTakenWord;
    this.words[taken] = ((this.words[taken] as number) + 1) | 0;
  }

  mailbox(instance: number): Mailbox {
    let mailbox = this.mailboxes.get(instance);
    if (mailbox === undefined) {
      mailbox = new Mailbox(this, instance);
      this.mailboxes.set(instance, mailbox);
    }
    return mailbox;
  }

  /** A handler of the instance is about to run. */
  keepState(instance: number): void {
    this.#before().set(this.#bytes(instance));
    this.words[this.#beforeAt >>> 2] = instance + 1;
  }

  /** It has ended well. */
  releaseState(): void {
    this.words[this.#beforeAt >>> 2] = 0;
  }

  /** It has faulted: with rollback the state is what it was. */
  rollBack(instance: number): void {
    this.#bytes(instance).set(this.#before());
    this.releaseState();
  }

  /** Gives an instance a new state; null: zeros. */
  writeState(instance: number, state: Uint8Array | null): void {
    const bytes = this.#bytes(instance);
    if (state === null) bytes.fill(0);
    else bytes.set(state);
  }

  /** Copy of an instance's state. */
  state(instance: number): Uint8Array {
    return this.#bytes(instance).slice();
  }

  #before(): Uint8Array {
    return new Uint8Array(this.memory, this.#beforeAt + beforeHeadBytes, this.stateBytes);
  }

  #bytes(instance: number): Uint8Array {
    const at = this.layout.stateOffset + instance * this.layout.stateStride;
    return new Uint8Array(this.memory, at, this.stateBytes);
  }
}
