import { setImmediate, setTimeout } from 'node:timers/promises';
import { DeviceLimitError } from '@ringkernel/core';
import { CudaUnavailableError, typedError } from '../errors.ts';
import { command, controlWords, worldLayout } from '../layout/device.ts';
import type { Addon, Allocation, FoundFunction, Handle } from '../native/addon.ts';
import { nowUs } from './clock.ts';
import type { Occupant, Resident, Share } from './gpu.ts';
import type { HandlerWatch } from './handler-watch.ts';
import type { MappedMemory } from './memory.ts';

/** Threads of a block: four warps, of which one thread each works. */
const mostBlockThreads = 128;

/** Turns of the event loop in which the driver is asked before the loop may rest. */
const hotTurns = 256;
/** How long kernels that were told to end at once may take to do so. */
const killMs = 1_000;
/** How long a launch may take until all its threads run. Others may use the GPU. */
const startMs = 5_000;
/** A persistent kernel: its function, its own stream, its parameters. */
export interface PersistentKernel extends Resident {
  readonly stream: Handle;
  readonly parameters: Uint8Array;
  readonly blockThreads: number;
}

/** Where the parameters of a persistent kernel say how many workers it has. */
const workersAt = 12;

/** What the persistent kernels of a device share with the host. */
export interface DeviceParts {
  readonly addon: Addon;
  readonly context: Handle;
  readonly world: Allocation;
  readonly controlMemory: MappedMemory;
  readonly control: Int32Array;
  /** For copies while they run. */
  readonly stream: Handle;
  readonly warpSize: number;
  readonly watch: HandlerWatch;
  /** Rounds are launched one by one: nothing stays. */
  readonly lockstep: boolean;
}

/** The persistent kernels of a device: how they begin, leave and come back. */
export class Residents implements Occupant<PersistentKernel> {
  readonly #parts: DeviceParts;
  readonly #kernels = new Set<PersistentKernel>();
  #launches = 0;
  #running = false;
  /** Threads that work, of all kernels that run. */
  #started = 0;
  /** What a kernel ended with while others waited for it to leave. */
  #failure: unknown = null;
  #ended = false;

  constructor(parts: DeviceParts) {
    this.#parts = parts;
  }

  /** How often they were started. */
  get launches(): number {
    return this.#launches;
  }

  /** Whether they leave because their slice is over: a pause starts them again. */
  get sliceEnded(): boolean {
    return Atomics.load(this.#parts.control, controlWords.sliceEnded) !== 0;
  }

  /** From the next return on this kernel runs, with so many lanes for each worker. */
  add(
    fn: FoundFunction,
    parameters: Uint8Array,
    { workers, lanes, fixed }: Pick<Resident, 'workers' | 'fixed'> & { readonly lanes: number },
  ): PersistentKernel {
    const { addon, context, controlMemory } = this.#parts;
    const stream = addon.createStream(context);
    addon.setKillWord(stream, controlMemory.handle, controlWords.command, command.kill);
    const blockThreads = this.blockThreads(workers, lanes);
    const workersOfBlock = this.workersOfBlock(workers, lanes);
    const kernel = { fn, stream, parameters, workers, workersOfBlock, blockThreads, fixed };
    this.#kernels.add(kernel);
    return kernel;
  }

  remove(kernel: PersistentKernel): void {
    this.#kernels.delete(kernel);
    this.#parts.addon.free(kernel.stream);
  }

  /** Runs a kernel that ends by itself, on one thread or so many, and waits for it; while paused. */
  async run(fn: FoundFunction, parameters: Uint8Array, threads: number): Promise<void> {
    const { addon, stream } = this.#parts;
    try {
      addon.launch(fn.handle, stream, 1, threads, parameters, [0]);
      await this.#idle(stream);
    } catch (thrown) {
      this.#failure = typedError(thrown);
      throw this.#failure;
    }
  }

  /** Throws what ended a kernel that should still run. */
  check(): void {
    if (this.#failure !== null) throw this.#failure;
    if (!this.#running) return;
    this.#parts.watch.check();
    for (const { stream } of this.#kernels) {
      if (this.#ask(stream) === 'idle' && !this.sliceEnded) {
        throw new CudaUnavailableError(
          'device',
          'A persistent kernel ended by itself',
          [],
          'open it again',
        );
      }
    }
  }

  /** Ends all of them, for good. False: a handler that can't be ended still runs. */
  async stop(): Promise<boolean> {
    this.#ended = true;
    await this.leave().catch(() => {}); // a device that failed frees what it had
    const { control, stream: own } = this.#parts;
    Atomics.store(control, controlWords.command, command.kill);
    const until = nowUs() + killMs * 1_000;
    const streams = [own, ...this.#streams];
    while (streams.some((stream) => this.#runs(stream))) {
      if (nowUs() > until) return false;
      await setTimeout(1);
    }
    return true;
  }

  /** Gives their streams back, when all have stopped. */
  free(): void {
    for (const stream of this.#streams) this.#parts.addon.free(stream);
    this.#kernels.clear();
  }

  get #streams(): readonly Handle[] {
    return [...this.#kernels].map(({ stream }) => stream);
  }

  /** Threads of a block when so many work. Lanes that serve one instance have a block of their own. */
  blockThreads(workers: number, lanes: number): number {
    const { warpSize } = this.#parts;
    if (lanes > 1) return lanes;
    return Math.min(workers * warpSize, warpSize === 1 ? 1 : mostBlockThreads);
  }

  workersOfBlock(workers: number, lanes: number): number {
    return lanes > 1 ? 1 : this.blockThreads(workers, lanes) / this.#parts.warpSize;
  }

  /** The kernels that a pause starts again. */
  get residents(): readonly PersistentKernel[] {
    const none = this.#parts.lockstep || this.#running || this.#ended || this.#failure !== null;
    return none ? [] : [...this.#kernels];
  }

  async leave(): Promise<void> {
    if (!this.#running) return;
    this.#tellToLeave();
    try {
      for (const { stream } of this.#kernels) await this.#idle(stream);
      Atomics.store(this.#parts.control, controlWords.sliceEnded, 0);
    } catch (thrown) {
      this.fail(typedError(thrown));
      throw this.#failure;
    }
  }

  #tellToLeave(): void {
    this.#running = false; // from here on they end because they should
    // The dispatcher, one of them, waits for the others.
    const { control } = this.#parts;
    Atomics.store(control, controlWords.expected, this.#started - 1);
    Atomics.store(control, controlWords.command, command.leave);
  }

  /**
   * Those that wait for room get it from those that leave. Whoever then still waits does so for the dispatcher, which waits
   * for it: it is told to expect no more than have left.
   */
  async leaveUnstarted(): Promise<void> {
    if (!this.#running) return;
    this.#tellToLeave();
    // Instead of the dispatcher, which may be one of those that wait.
    const { addon, world, control } = this.#parts;
    const stop = worldLayout.offsets.stop as number;
    addon.copyToDevice(world.handle, stop, Uint8Array.of(command.leave, 0, 0, 0));
    const streams = this.#streams;
    for (let until = nowUs() + killMs * 1_000; streams.some((one) => this.#runs(one)); ) {
      await setTimeout(1);
      if (nowUs() < until) continue;
      const left = await this.#deviceWord('left');
      Atomics.store(control, controlWords.expected, left);
      until = nowUs() + killMs * 1_000;
    }
    Atomics.store(control, controlWords.sliceEnded, 0);
  }

  fail(error: unknown): void {
    this.#failure = error;
  }

  /** A word that all kernels share, read while they run. */
  async #deviceWord(field: string): Promise<number> {
    const { addon, world, stream } = this.#parts;
    const offset = worldLayout.offsets[field] as number;
    const bytes = await addon.copyFromDevice(world.handle, offset, 4, stream);
    return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  }

  /** Resolves when all that was launched there has ended. A wait in the driver could not be given up. */
  async #idle(stream: Handle): Promise<void> {
    const { addon, watch } = this.#parts;
    watch.begin();
    for (let turn = 0; addon.query(stream) === 'running'; turn++) {
      watch.check();
      await (turn < hotTurns ? setImmediate() : setTimeout(1));
    }
  }

  /** Throws what ended the kernel there. */
  #ask(stream: Handle): 'idle' | 'running' {
    try {
      return this.#parts.addon.query(stream);
    } catch (thrown) {
      throw typedError(thrown);
    }
  }

  #runs(stream: Handle): boolean {
    try {
      return this.#parts.addon.query(stream) === 'running';
    } catch {
      return false; // what failed has ended
    }
  }

  /** Whoever begins and ends is counted anew. */
  prepare(workers: number): void {
    const { addon, world, control } = this.#parts;
    const { offsets } = worldLayout;
    const begin = offsets.stop as number;
    const bytes = new Uint8Array((offsets.started as number) + 4 - begin);
    const view = new DataView(bytes.buffer);
    const write = (field: string, value: number): void =>
      view.setUint32((offsets[field] as number) - begin, value, true);
    this.#launches++;
    write('stop', command.run);
    write('starting', workers);
    write('launch', this.#launches);
    addon.copyToDevice(world.handle, begin, bytes);
    // A slice may be over before the last kernel has begun: then it leaves at once, and the others wait for that.
    Atomics.store(control, controlWords.expected, workers - 1);
    Atomics.store(control, controlWords.command, command.run);
    this.#running = true;
    this.#started = 0;
  }

  start({ fn, stream, parameters, blockThreads }: PersistentKernel, share: Share): void {
    const bytes = parameters.slice();
    new DataView(bytes.buffer).setUint32(workersAt, share.workers, true);
    try {
      this.#parts.addon.launch(fn.handle, stream, share.blocks, blockThreads, bytes, [0]);
    } catch (thrown) {
      throw typedError(thrown);
    }
    this.#started += share.workers;
  }

  async started(): Promise<void> {
    const until = nowUs() + startMs * 1_000;
    const begun = (): boolean =>
      Atomics.load(this.#parts.control, controlWords.started) === this.#launches;
    for (let turn = 0; !begun(); turn++) {
      if (nowUs() > until) {
        throw new DeviceLimitError(
          'Workers that run at once',
          this.#started,
          await this.#deviceWord('started'),
          'other programs may use the GPU; or choose fewer workers, or launch fewer kernels',
        );
      }
      for (const { stream } of this.#kernels) this.#ask(stream);
      await (turn < hotTurns ? setImmediate() : setTimeout(1));
    }
  }
}
