import { setImmediate, setTimeout } from 'node:timers/promises';
import { DeviceLimitError } from '@ringkernel/core';
import { CudaUnavailableError, typedError } from '../errors.ts';
import { command, controlWords, worldLayout } from '../layout/device.ts';
import type { Addon, Allocation, FoundDevice, FoundFunction, Handle } from '../native/addon.ts';
import type { CudaOptions } from '../options.ts';
import { buildProgram, systemProgram, type Target } from '../program/build.ts';
import { nowUs } from './clock.ts';
import { type Gpu, gpuOf, type Occupant, type Resident, type Share } from './gpu.ts';
import { HandlerWatch } from './handler-watch.ts';
import { laneBytes } from './host-lanes.ts';
import { type MappedMemory, mapMemory } from './memory.ts';
import { placeWorld, type WorldPlacement } from './placement.ts';
import { writeWorld } from './world.ts';

/** Threads of a block: four warps, of which one thread each works. */
const mostBlockThreads = 128;

/** Turns of the event loop in which the driver is asked before the loop may rest. */
const hotTurns = 256;
/** How long kernels that were told to end at once may take to do so. */
const killMs = 1_000;
/** How long a launch may take until all its threads run. Others may use the GPU. */
const startMs = 5_000;
/** So well should the device's clock be known, microseconds, and so often is it asked for that. */
const closeUs = 200;
const mostTrials = 50;

let machines = 0;

const systemKernels: readonly string[] = [
  'rk_dispatch',
  'rk_collect',
  'rk_arrive',
  'rk_show',
  'rk_end',
  'rk_restart',
  'rk_retire',
  'rk_spawn',
  'rk_clock',
];

/** What is fixed for the life of a machine. */
export interface MachineSettings {
  readonly options: CudaOptions;
  readonly lockstep: boolean;
  readonly nodeId: number;
  readonly epochMs: number;
  readonly seed: number;
  /** How long the kernels run before they leave and are started again, milliseconds; 0 = for ever. */
  readonly sliceMs: number;
}

/** A persistent kernel: its function, its own stream, its parameters. */
export interface PersistentKernel extends Resident {
  readonly stream: Handle;
  readonly parameters: Uint8Array;
  readonly blockThreads: number;
}

/** Where the parameters of a persistent kernel say how many workers it has. */
const workersAt = 12;

/**
 * A device's memory and the kernels that run on it, as the driver knows them. Whatever allocates, loads or frees waits
 * until all kernels have left, because it could hang as long as one runs; they come back with all their state.
 */
export class Machine implements Occupant<PersistentKernel> {
  /** Of all machines of this thread, in the order in which they were made. */
  readonly number: number = machines++;
  readonly addon: Addon;
  readonly context: Handle;
  readonly device: FoundDevice;
  readonly settings: MachineSettings;
  readonly placement: WorldPlacement;
  readonly world: Allocation;
  readonly controlMemory: MappedMemory;
  readonly control: Int32Array;
  readonly laneMemory: MappedMemory;
  readonly ringMemory: MappedMemory;
  /** Of the lanes that other threads can have; none in lockstep. */
  readonly hostLaneMemory: readonly MappedMemory[];
  /** For copies and for kernels that end by themselves. */
  readonly stream: Handle;
  readonly #target: Target;
  readonly #residents = new Set<PersistentKernel>();
  /** What is given back at the end, in the order in which it was taken. */
  readonly #owned: Handle[];
  readonly #functions = new Map<string, FoundFunction>();
  readonly #watch: HandlerWatch;
  #launches = 0;
  #running = false;
  /** Threads that work, of all kernels that run. */
  #started = 0;
  /** What a kernel ended with while others waited for it to leave. */
  #failure: unknown = null;
  readonly #gpu: Gpu;
  #ended = false;

  private constructor(
    target: Target,
    context: Handle,
    device: FoundDevice,
    settings: MachineSettings,
    owned: Handle[],
    gpu: Gpu,
  ) {
    const { addon } = target;
    const { options } = settings;
    this.addon = addon;
    this.#owned = owned;
    this.#gpu = gpu;
    this.#target = target;
    this.context = context;
    this.device = device;
    this.settings = settings;
    this.placement = placeWorld(options);
    const { nodeBytes, sizeBytes } = this.placement;
    const map = (bytes: number): MappedMemory =>
      this.own(mapMemory(addon, context, bytes, options.hostMemory));
    this.world = this.own(addon.allocateDevice(context, sizeBytes));
    this.controlMemory = map(controlWords.sizeWords * 4);
    this.control = new Int32Array(this.controlMemory.buffer, 0, controlWords.sizeWords);
    this.#watch = new HandlerWatch(this.control, settings);
    this.laneMemory = map(options.laneCapacity * nodeBytes);
    this.ringMemory = map(options.laneCapacity * nodeBytes);
    // Of the kind that threads can share.
    const others = settings.lockstep ? 0 : options.hostLanes - 1;
    this.hostLaneMemory = Array.from({ length: others }, () =>
      this.own(
        mapMemory(addon, context, laneBytes(options.laneCapacity, nodeBytes), 'webassembly'),
      ),
    );
    this.stream = this.own(addon.createStream(context));
  }

  /** Compiles what every device runs, allocates, and measures how the device's clock differs from the host's. */
  static async open(
    target: Target,
    device: FoundDevice,
    settings: MachineSettings,
  ): Promise<Machine> {
    const image = await buildProgram(target, 'system', systemProgram);
    const gpu = gpuOf(target.libraries.driver, device);
    try {
      return await gpu.paused(() => Machine.#make(target, device, settings, gpu, image));
    } catch (thrown) {
      throw typedError(thrown);
    }
  }

  /** While the GPU is paused, and does not run kernels of others of this thread. */
  static async #make(
    target: Target,
    device: FoundDevice,
    settings: MachineSettings,
    gpu: Gpu,
    image: Uint8Array,
  ): Promise<Machine> {
    const { addon, libraries } = target;
    const owned: Handle[] = [];
    try {
      const context = await addon.open(libraries.driver, device.ordinal);
      owned.push(context);
      const machine = new Machine(target, context, device, settings, owned, gpu);
      const module = machine.own(await addon.loadModule(context, image));
      for (const name of systemKernels) {
        machine.#functions.set(name, machine.own(addon.getFunction(module, name, 1)));
      }
      writeWorld(machine, await machine.#clockOffsetUs());
      if (!settings.lockstep) {
        const dispatch = machine.#functions.get('rk_dispatch') as FoundFunction;
        machine.add(dispatch, machine.parameters(0), { workers: 1, lanes: 1, fixed: true });
      }
      gpu.add(machine);
      return machine;
    } catch (thrown) {
      for (const handle of owned.reverse()) addon.free(handle);
      throw thrown;
    }
  }

  /** How often the persistent kernels were started. */
  get launches(): number {
    return this.#launches;
  }

  /** How messages of errors name who has an address. */
  set addressee(name: (address: number) => string) {
    this.#watch.addressee = name;
  }

  /** Whether the kernels leave because their slice is over: a pause starts them again. */
  get sliceEnded(): boolean {
    return Atomics.load(this.control, controlWords.sliceEnded) !== 0;
  }

  /** Address of a part of the shared block. */
  at(offset: number): bigint {
    return this.world.device + BigInt(offset);
  }

  /**
   * Runs what needs that no kernel does; one such at a time. The kernels leave before and return after it. When they
   * can't return because of what it added, `undo` takes that away, and the others return without it.
   */
  paused<T>(work: () => Promise<T>, undo?: () => void): Promise<T> {
    return this.#gpu.paused(work, undo);
  }

  /** Whether a pause of one is a pause of both: they are on the same GPU. */
  pausesWith(other: Machine): boolean {
    return this.#gpu === other.#gpu;
  }

  /** Compiles a program and loads it; while paused. */
  async load(name: string, text: string): Promise<Handle> {
    const image = await buildProgram(this.#target, name, text);
    try {
      return this.own(await this.addon.loadModule(this.context, image));
    } catch (thrown) {
      throw typedError(thrown, name);
    }
  }

  /** From the next return on this kernel runs, with so many lanes for each worker. */
  add(
    fn: FoundFunction,
    parameters: Uint8Array,
    { workers, lanes, fixed }: Pick<Resident, 'workers' | 'fixed'> & { readonly lanes: number },
  ): PersistentKernel {
    const stream = this.addon.createStream(this.context);
    this.addon.setKillWord(stream, this.controlMemory.handle, controlWords.command, command.kill);
    const blockThreads = this.blockThreads(workers, lanes);
    const workersOfBlock = this.#workersOfBlock(workers, lanes);
    const kernel = { fn, stream, parameters, workers, workersOfBlock, blockThreads, fixed };
    this.#residents.add(kernel);
    return kernel;
  }

  remove(kernel: PersistentKernel): void {
    this.#residents.delete(kernel);
    this.addon.free(kernel.stream);
  }

  /** Runs a kernel that ends by itself, on one thread or so many, and waits for it; while paused. */
  async run(fn: FoundFunction, parameters: Uint8Array, threads = 1): Promise<void> {
    try {
      this.addon.launch(fn.handle, this.stream, 1, threads, parameters, [0]);
      await this.#idle(this.stream);
    } catch (thrown) {
      this.#failure = typedError(thrown);
      throw this.#failure;
    }
  }

  /** Runs one of the system's kernels, on a warp. */
  runSystem(name: string, kernel = 0, instance = 0): Promise<void> {
    const fn = this.#functions.get(name) as FoundFunction;
    return this.run(fn, this.parameters(kernel, instance), this.device.warpSize);
  }

  /** The parameters of all kernels begin with these two. */
  parameters(kernel: number, more = 0): Uint8Array {
    const bytes = new Uint8Array(16);
    const view = new DataView(bytes.buffer);
    view.setBigUint64(0, this.world.device, true);
    view.setUint32(8, kernel, true);
    view.setUint32(12, more, true);
    return bytes;
  }

  /** Throws what ended a kernel that should still run. */
  check(): void {
    if (this.#failure !== null) throw this.#failure;
    if (!this.#running) return;
    this.#watch.check();
    for (const { stream } of this.#residents) {
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

  /**
   * Ends every kernel. Nothing may be asked afterwards. False: a handler that can't be ended still runs, and what it
   * uses stays until the process ends.
   */
  stop(): Promise<boolean> {
    return this.#gpu.turn(async () => {
      this.#ended = true;
      this.#gpu.delete(this);
      await this.leave().catch(() => {}); // a device that failed frees what it had
      Atomics.store(this.control, controlWords.command, command.kill);
      const until = nowUs() + killMs * 1_000;
      const streams = [this.stream, ...[...this.#residents].map(({ stream }) => stream)];
      while (streams.some((stream) => this.#runs(stream))) {
        if (nowUs() > until) return false;
        await setTimeout(1);
      }
      return true;
    });
  }

  /** Gives back everything, when all has stopped. */
  free(): void {
    for (const { stream } of this.#residents) this.addon.free(stream);
    this.#residents.clear();
    for (const handle of this.#owned.splice(0).reverse()) this.addon.free(handle);
  }

  /** Threads of a block when so many work. Lanes that serve one instance have a block of their own. */
  blockThreads(workers: number, lanes: number): number {
    const { warpSize } = this.device;
    if (lanes > 1) return lanes;
    return Math.min(workers * warpSize, warpSize === 1 ? 1 : mostBlockThreads);
  }

  #workersOfBlock(workers: number, lanes: number): number {
    return lanes > 1 ? 1 : this.blockThreads(workers, lanes) / this.device.warpSize;
  }

  /** How many workers the device can run at once, when each block has as many threads as `fn` was looked up for. */
  mostWorkers(fn: FoundFunction, workers: number, lanes: number): number {
    return (
      fn.blocksPerMultiprocessor *
      this.device.multiprocessors *
      this.#workersOfBlock(workers, lanes)
    );
  }

  /** The most threads, by powers of two and fewer than `lanes`, of which a block of the module fits on the device. */
  mostLanes(module: Handle, lanes: number): number {
    for (let fewer = lanes / 2; fewer >= 1; fewer /= 2) {
      const found = this.own(this.addon.getFunction(module, 'rk_work', fewer));
      if (found.blocksPerMultiprocessor > 0) return fewer;
    }
    return 0;
  }

  /** Frees it when the machine closes. */
  own<T extends Handle | { readonly handle: Handle }>(thing: T): T {
    this.#owned.push(typeof thing === 'number' ? thing : thing.handle);
    return thing;
  }

  /** The kernels that a pause starts again. */
  get residents(): readonly PersistentKernel[] {
    const none = this.settings.lockstep || this.#running || this.#ended || this.#failure !== null;
    return none ? [] : [...this.#residents];
  }

  async leave(): Promise<void> {
    if (!this.#running) return;
    this.#tellToLeave();
    try {
      for (const { stream } of this.#residents) await this.#idle(stream);
      Atomics.store(this.control, controlWords.sliceEnded, 0);
    } catch (thrown) {
      this.fail(typedError(thrown));
      throw this.#failure;
    }
  }

  #tellToLeave(): void {
    this.#running = false; // from here on they end because they should
    // The dispatcher, one of them, waits for the others.
    Atomics.store(this.control, controlWords.expected, this.#started - 1);
    Atomics.store(this.control, controlWords.command, command.leave);
  }

  /**
   * Those that wait for room get it from those that leave. Whoever then still waits does so for the dispatcher, which waits
   * for it: it is told to expect no more than have left.
   */
  async leaveUnstarted(): Promise<void> {
    if (!this.#running) return;
    this.#tellToLeave();
    // Instead of the dispatcher, which may be one of those that wait.
    const stop = worldLayout.offsets.stop as number;
    this.addon.copyToDevice(this.world.handle, stop, Uint8Array.of(command.leave, 0, 0, 0));
    const streams = [...this.#residents].map(({ stream }) => stream);
    for (let until = nowUs() + killMs * 1_000; streams.some((one) => this.#runs(one)); ) {
      await setTimeout(1);
      if (nowUs() < until) continue;
      const left = await this.#deviceWord('left');
      Atomics.store(this.control, controlWords.expected, left);
      until = nowUs() + killMs * 1_000;
    }
    Atomics.store(this.control, controlWords.sliceEnded, 0);
  }

  fail(error: unknown): void {
    this.#failure = error;
  }

  /** A word that all kernels share, read while they run. */
  async #deviceWord(field: string): Promise<number> {
    const offset = worldLayout.offsets[field] as number;
    const bytes = await this.addon.copyFromDevice(this.world.handle, offset, 4, this.stream);
    return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  }

  /** Resolves when all that was launched there has ended. A wait in the driver could not be given up. */
  async #idle(stream: Handle): Promise<void> {
    this.#watch.begin();
    for (let turn = 0; this.addon.query(stream) === 'running'; turn++) {
      this.#watch.check();
      await (turn < hotTurns ? setImmediate() : setTimeout(1));
    }
  }

  /** Throws what ended the kernel there. */
  #ask(stream: Handle): 'idle' | 'running' {
    try {
      return this.addon.query(stream);
    } catch (thrown) {
      throw typedError(thrown);
    }
  }

  #runs(stream: Handle): boolean {
    try {
      return this.addon.query(stream) === 'running';
    } catch {
      return false; // what failed has ended
    }
  }

  /** Whoever begins and ends is counted anew. */
  prepare(workers: number): void {
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
    this.addon.copyToDevice(this.world.handle, begin, bytes);
    // A slice may be over before the last kernel has begun: then it leaves at once, and the others wait for that.
    Atomics.store(this.control, controlWords.expected, workers - 1);
    Atomics.store(this.control, controlWords.command, command.run);
    this.#running = true;
    this.#started = 0;
  }

  start({ fn, stream, parameters, blockThreads }: PersistentKernel, share: Share): void {
    const bytes = parameters.slice();
    new DataView(bytes.buffer).setUint32(workersAt, share.workers, true);
    try {
      this.addon.launch(fn.handle, stream, share.blocks, blockThreads, bytes, [0]);
    } catch (thrown) {
      throw typedError(thrown);
    }
    this.#started += share.workers;
  }

  async started(): Promise<void> {
    const until = nowUs() + startMs * 1_000;
    const begun = (): boolean =>
      Atomics.load(this.control, controlWords.started) === this.#launches;
    for (let turn = 0; !begun(); turn++) {
      if (nowUs() > until) {
        throw new DeviceLimitError(
          'Workers that run at once',
          this.#started,
          await this.#deviceWord('started'),
          'other programs may use the GPU; or choose fewer workers, or launch fewer kernels',
        );
      }
      for (const { stream } of this.#residents) this.#ask(stream);
      await (turn < hotTurns ? setImmediate() : setTimeout(1));
    }
  }

  /**
   * From the device's clock to the host's. The device's time lies somewhere between two of the host's: the closer these
   * are, the better is it known, so on a machine that does much else there are more trials.
   */
  async #clockOffsetUs(): Promise<bigint> {
    const words = this.control;
    const parameters = new Uint8Array(BigUint64Array.of(this.controlMemory.device).buffer);
    let best = { width: Number.POSITIVE_INFINITY, offset: 0n };
    for (let i = 0; i < 5 || (best.width > closeUs && i < mostTrials); i++) {
      Atomics.store(words, 2, 0);
      const before = nowUs();
      await this.run(this.#functions.get('rk_clock') as FoundFunction, parameters);
      const after = nowUs();
      const device =
        (BigInt((words[1] as number) >>> 0) << 32n) | BigInt((words[0] as number) >>> 0);
      const width = after - before;
      const offset = BigInt(Math.floor((before + after) / 2)) - device;
      if (width < best.width) best = { width, offset };
    }
    words.fill(0);
    return best.offset;
  }
}
