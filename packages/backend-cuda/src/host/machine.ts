import { typedError } from '../errors.ts';
import { controlWords } from '../layout/device.ts';
import type { Addon, Allocation, FoundDevice, FoundFunction, Handle } from '../native/addon.ts';
import type { CudaOptions } from '../options.ts';
import { buildProgram, systemProgram, type Target } from '../program/build.ts';
import { nowUs } from './clock.ts';
import { type Gpu, gpuOf } from './gpu.ts';
import { HandlerWatch } from './handler-watch.ts';
import { type MappedMemory, mapMemory } from './memory.ts';
import { laneBytes, placeWorld, type WorldPlacement } from './placement.ts';
import { Residents } from './residents.ts';
import { writeWorld } from './world.ts';

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

/**
 * A device's memory, and what is done there while its persistent kernels are away: whatever allocates, loads or frees could
 * hang as long as one runs. They come back with all their state.
 */
export class Machine {
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
  /** The persistent kernels. */
  readonly residents: Residents;
  /** What is given back at the end, in the order in which it was taken. */
  readonly #owned: Handle[];
  readonly #functions = new Map<string, FoundFunction>();
  readonly #watch: HandlerWatch;
  readonly #gpu: Gpu;

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
    const { controlMemory, control, world, stream } = this;
    const [{ warpSize }, { lockstep }, watch] = [device, settings, this.#watch];
    const shared = { addon, context, world, controlMemory, control, stream };
    this.residents = new Residents({ ...shared, warpSize, watch, lockstep });
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
        const one = { workers: 1, lanes: 1, fixed: true };
        machine.residents.add(dispatch, machine.parameters(0), one);
      }
      gpu.add(machine.residents);
      return machine;
    } catch (thrown) {
      for (const handle of owned.reverse()) addon.free(handle);
      throw thrown;
    }
  }

  /** How messages of errors name who has an address. */
  set addressee(name: (address: number) => string) {
    this.#watch.addressee = name;
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

  /** Runs one of the system's kernels, on a warp. */
  runSystem(name: string, kernel = 0, instance = 0): Promise<void> {
    const fn = this.#functions.get(name) as FoundFunction;
    return this.residents.run(fn, this.parameters(kernel, instance), this.device.warpSize);
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

  /**
   * Ends every kernel. Nothing may be asked afterwards. False: a handler that can't be ended still runs, and what it
   * uses stays until the process ends.
   */
  stop(): Promise<boolean> {
    return this.#gpu.turn(() => {
      this.#gpu.delete(this.residents);
      return this.residents.stop();
    });
  }

  /** Gives back everything, when all has stopped. */
  free(): void {
    this.residents.free();
    for (const handle of this.#owned.splice(0).reverse()) this.addon.free(handle);
  }

  /** How many workers the device can run at once, when each block has as many threads as `fn` was looked up for. */
  mostWorkers(fn: FoundFunction, workers: number, lanes: number): number {
    return (
      fn.blocksPerMultiprocessor *
      this.device.multiprocessors *
      this.residents.workersOfBlock(workers, lanes)
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
      await this.residents.run(this.#functions.get('rk_clock') as FoundFunction, parameters, 1);
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
