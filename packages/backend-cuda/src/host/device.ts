import {
  checkLaunch,
  type Device,
  DeviceClosedError,
  type DeviceInfo,
  type DeviceKernel,
  type DeviceLaunchOptions,
  DeviceLimitError,
  DeviceLostError,
  type DeviceOptions,
  type KernelImage,
  type KernelSink,
  MessageIdGenerator,
  NotSupportedError,
  RecordMessage,
  type RingKernelError,
  type Schedule,
} from '@ringkernel/core';
import type { HostLanePort } from '../lanes/port.ts';
import { controlWords, mailLayout, ringRecord, spilledFlag } from '../layout/device.ts';
import type { FoundDevice } from '../native/addon.ts';
import type { CudaOptions } from '../options.ts';
import type { Target } from '../program/build.ts';
import { atHandlers } from '../program/diagnostics.ts';
import { givenForm, type ProgramForm } from '../program/form.ts';
import { programOf } from '../program/program.ts';
import { HostClock } from './clock.ts';
import { HostLanes } from './host-lanes.ts';
import { CudaKernel, concernsSender, type KernelContext } from './kernel.ts';
import { KernelMemory } from './kernel-memory.ts';
import { KernelTable } from './kernel-table.ts';
import { Lane } from './lane.ts';
import { Machine } from './machine.ts';
import { Mailroom } from './mailroom.ts';
import { headerWords, kindOf } from './message.ts';
import { Pump } from './pump.ts';
import { Ring } from './ring.ts';

/** Systems that end kernels which run for long (a display's GPU) do so after two seconds or more. */
const displaySliceMs = 500;

/** How long kernels run at a time on this device when nobody says. */
export function defaultSliceMs({ kernelTimeout }: Pick<FoundDevice, 'kernelTimeout'>): number {
  return kernelTimeout === 0 ? 0 : displaySliceMs;
}

/** Most that the mailboxes of one kernel may take: the host writes all of them from one array. */
const mailboxBytes = 2 ** 32 - 1;

/** How often the driver is asked whether the kernels still run. */
const checkMs = 200;

/** A GPU, or its simulation, on which kernels stay and wait for messages. */
export class CudaDevice implements Device {
  readonly info: DeviceInfo;
  readonly schedule: Schedule;
  readonly lost: Promise<RingKernelError>;
  readonly #machine: Machine;
  readonly #lane: Lane;
  readonly #ring: Ring;
  readonly #message: RecordMessage;
  readonly #mailroom: Mailroom;
  readonly #hostLanes: HostLanes;
  readonly #pump: Pump;
  readonly #context: KernelContext;
  readonly #clock: HostClock;
  readonly #options: CudaOptions;
  readonly #kernels: KernelTable;
  readonly #check: NodeJS.Timeout;
  #epoch = 0;
  #round = 0;
  #relaunching = false;
  #closing: Promise<void> | null = null;
  #lose: (error: RingKernelError) => void = () => {};

  private constructor(
    info: DeviceInfo,
    machine: Machine,
    options: CudaOptions,
    device: DeviceOptions,
  ) {
    this.info = info;
    this.schedule = device.schedule ?? 'async';
    this.#machine = machine;
    this.#kernels = new KernelTable(machine);
    this.#options = options;
    const { nodeBytes } = machine.placement;
    const { laneCapacity, hotUs } = options;
    this.#lane = new Lane(machine.laneMemory, machine.control, laneCapacity, nodeBytes, () =>
      this.#pump.stir(),
    );
    this.#ring = new Ring(machine.ringMemory, machine.control, laneCapacity, nodeBytes);
    this.#message = new RecordMessage(machine.ringMemory.buffer);
    this.#mailroom = new Mailroom(this.#lane, machine.control);
    this.#hostLanes = new HostLanes(machine, info.id);
    this.lost = new Promise((resolve) => {
      this.#lose = resolve;
    });
    this.#pump = new Pump(
      machine.addon,
      machine.context,
      hotUs,
      (most) => this.#drain(most),
      () => this.#lane.kept > 0,
      (waker) => {
        const { controlMemory, ringMemory, addon } = machine;
        const stride = nodeBytes / 4;
        const head = controlWords.ringHead;
        addon.watchRing(
          waker,
          ringMemory.handle,
          controlMemory.handle,
          0,
          stride,
          laneCapacity,
          head,
        );
      },
    );
    this.#clock = new HostClock(device.nodeId ?? 0);
    const lockstep = this.schedule === 'lockstep';
    if (lockstep) this.#clock.setRound(0);
    this.#context = {
      machine,
      lane: this.#lane,
      mailroom: this.#mailroom,
      pump: this.#pump,
      clock: this.#clock,
      ids: new MessageIdGenerator({ node: device.nodeId ?? 0, thread: 0 }),
      lockstep,
      drainRound: (kernel) => machine.paused(() => this.#runRound([kernel])),
      forget: (kernel) => this.#forget(kernel),
    };
    machine.addressee = (address) => {
      const kernel = this.#kernels.at(address);
      return kernel === undefined
        ? `address ${address}`
        : `instance ${address - kernel.base} of kernel '${kernel.id}'`;
    };
    this.#check = setInterval(() => this.#checkAlive(), checkMs);
    this.#check.unref();
  }

  static async open(
    info: DeviceInfo,
    found: FoundDevice,
    target: Target,
    options: CudaOptions,
    device: DeviceOptions,
  ): Promise<CudaDevice> {
    const machine = await Machine.open(target, found, {
      options,
      lockstep: device.schedule === 'lockstep',
      nodeId: device.nodeId ?? 0,
      epochMs: device.epochMs ?? 0,
      seed: device.seed ?? 0,
      sliceMs: options.sliceMs ?? defaultSliceMs(found),
    });
    return new CudaDevice(info, machine, options, device);
  }

  async launch(
    image: KernelImage,
    options: DeviceLaunchOptions,
    sink: KernelSink,
  ): Promise<DeviceKernel> {
    this.#checkLaunch(image, options);
    if (image.program.kind !== 'ir') {
      throw new NotSupportedError('launch', `'${image.name}' is host-only`, {
        hint: 'launch it on the CPU backend',
      });
    }
    const { text, form } = programOf(image, image.program, this.#options);
    return await this.launchText(image, text, options, sink, form);
  }

  /** Launches CUDA C++ that defines `rk_handle` (device/rk_turn.h says with what). */
  async launchText(
    image: KernelImage,
    text: string,
    options: DeviceLaunchOptions,
    sink: KernelSink,
    form: ProgramForm = givenForm,
  ): Promise<DeviceKernel> {
    this.#checkLaunch(image, options);
    let kernel: CudaKernel | null = null;
    const work = async (): Promise<CudaKernel> => {
      const slot = this.#kernels.takeSlot();
      try {
        kernel = await this.#launch(slot, image, text, options, sink, form);
        return kernel;
      } catch (thrown) {
        this.#kernels.returnSlot(slot);
        throw atHandlers(thrown, image, text);
      }
    };
    // Only when all come back is it seen that this one does not fit beside the others.
    return await this.#machine.paused(work, () => kernel !== null && this.#forget(kernel));
  }

  async step(rounds: number): Promise<void> {
    if (this.#closing !== null) throw new DeviceClosedError('step');
    if (this.schedule !== 'lockstep') {
      throw new NotSupportedError('step', 'the schedule of this device is async', {
        hint: "open it with schedule: 'lockstep'",
      });
    }
    this.#pump.ref();
    try {
      await this.#machine.paused(async () => {
        for (let i = 0; i < rounds; i++)
          await this.#runRound([...this.#kernels].filter((k) => k.takesTurns));
      });
    } finally {
      this.#pump.unref();
    }
  }

  /** A lane for another thread (lanes/port.ts). */
  openHostLane(): HostLanePort {
    return this.#hostLanes.open();
  }

  ref(): void {
    this.#pump.ref();
  }

  unref(): void {
    this.#pump.unref();
  }

  async settled(): Promise<void> {
    if (this.schedule === 'lockstep') return this.#pump.drainAll();
    const { control } = this.#machine;
    const epoch = ++this.#epoch | 0;
    this.#pump.ref();
    await this.#pump.watch(() => this.#lane.kept === 0);
    Atomics.store(control, controlWords.settleEpoch, epoch);
    await this.#pump.watch(
      () => ((Atomics.load(control, controlWords.quietEpoch) - epoch) | 0) >= 0,
    );
    this.#pump.drainAll();
    this.#pump.unref();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    clearInterval(this.#check);
    this.#hostLanes.close();
    const ended = await this.#machine.stop();
    this.#pump.drainAll();
    for (const kernel of this.#kernels) kernel.close();
    this.#mailroom.close(new DeviceClosedError('answer'));
    this.#pump.close();
    if (ended) this.#free();
  }

  #free(): void {
    for (const kernel of this.#kernels) kernel.memory.free();
    this.#kernels.clear();
    this.#machine.free();
  }

  async #launch(
    slot: number,
    image: KernelImage,
    text: string,
    options: DeviceLaunchOptions,
    sink: KernelSink,
    { lanes, code }: ProgramForm,
  ): Promise<CudaKernel> {
    const machine = this.#machine;
    const lockstep = this.schedule === 'lockstep';
    const dedicated = options.dedicated === true && !lockstep;
    const workers = lockstep ? 1 : dedicated ? options.instances : this.#options.workers;
    const module = await machine.load(image.name, text);
    const roundFunction = machine.own(machine.addon.getFunction(module, 'rk_round', lanes));
    const work = machine.own(
      machine.addon.getFunction(module, 'rk_work', machine.residents.blockThreads(workers, lanes)),
    );
    const most = machine.mostWorkers(work, workers, lanes);
    if (most === 0) {
      const subject = `Threads of a block that serves an instance of '${image.name}'`;
      const limit = machine.mostLanes(module, lanes);
      throw new DeviceLimitError(subject, lanes, limit, "choose fewer, or the form 'warp'");
    }
    if (dedicated && workers > most) {
      const reason = `${this.info.name} runs ${most} workers at once, ${workers} instances want one each`;
      throw new NotSupportedError('dedicated', reason);
    }
    const range = { first: this.#kernels.firstWorker(workers), count: workers };
    const memory = new KernelMemory(machine, slot, range, options, image.state.size);
    const resident = lockstep
      ? null
      : machine.residents.add(work, machine.parameters(slot), { workers, lanes, fixed: dedicated });
    const kernel = new CudaKernel(
      this.#context,
      image,
      options,
      sink,
      memory,
      { fn: roundFunction, threads: lanes },
      resident,
      code,
    );
    this.#kernels.add(kernel);
    return kernel;
  }

  #forget(kernel: CudaKernel): void {
    this.#kernels.remove(kernel);
    if (kernel.resident !== null) this.#machine.residents.remove(kernel.resident);
    kernel.memory.free();
    this.#kernels.returnSlot(kernel.memory.slot);
  }

  /** One round: what the host sent is collected, everything in transit arrives, then these kernels handle it. */
  async #runRound(running: readonly CudaKernel[]): Promise<void> {
    const machine = this.#machine;
    // What finds no slot even so comes in a later round.
    for (let left = Number.POSITIVE_INFINITY; this.#lane.waiting < left; ) {
      left = this.#lane.waiting;
      this.#lane.flush();
      if (left > 0) await machine.runSystem('rk_collect');
    }
    this.#clock.setRound(++this.#round);
    await machine.runSystem('rk_arrive');
    for (const kernel of running) {
      const { fn, threads } = kernel.round;
      await machine.residents.run(fn, machine.parameters(kernel.memory.slot), threads);
    }
    await machine.runSystem('rk_show');
    this.#pump.drainAll();
  }

  /** How often the persistent kernels were started: for what needs a pause, and for slices (`sliceMs`). */
  get launches(): number {
    return this.#machine.residents.launches;
  }

  /** The slice of the kernels is over: starts them again, with all that is in memory. */
  #relaunch(): void {
    if (this.#relaunching || this.#closing !== null) return;
    this.#relaunching = true;
    const over = (): void => {
      this.#relaunching = false;
      if (this.#machine.residents.sliceEnded) this.#relaunch(); // before the pause was over
    };
    this.#machine.paused(async () => {}).then(over, () => this.#checkAlive());
  }

  #drain(most: number): number {
    this.#clock.expire(); // another turn of the event loop
    this.#lane.flush();
    const taken = this.#ring.drain(most, this.#take);
    // Afterwards: what was taken may be the record by which the device woke the host for this, and there is no other.
    if (this.#machine.residents.sliceEnded) this.#relaunch();
    return taken;
  }

  readonly #take = (word: number): void => {
    const { words } = this.#ring;
    const kind = kindOf(words, word);
    if (kind === ringRecord.answer) {
      this.#mailroom.answer(words, word);
      return;
    }
    if (kind === ringRecord.spill) {
      this.#keep(words, word);
      return;
    }
    const address = words[word + (concernsSender(words, word) ? 12 : 13)] as number;
    const kernel = this.#kernels.at(address >>> 0);
    if (kernel === undefined) return; // its kernel has ended, and told everything before
    if (kind === ringRecord.fault) kernel.fault(words, word);
    else if (kind === ringRecord.deadLetter) {
      kernel.deadLetter(words, word, words[word + 15] as number);
    } else kernel.deliver(this.#message, words, word);
  };

  /** What an actor sent found no slot on the device: it goes back there, in order, when there is one. */
  #keep(words: Int32Array, word: number): void {
    const record = words.slice(
      word,
      word + headerWords + (((words[word + 2] as number) + 3) >>> 2),
    );
    record[3] = ((record[3] as number) & 0xffff) | (spilledFlag << 16);
    this.#lane.keep(record);
  }

  #checkAlive(): void {
    if (this.#closing !== null) return;
    try {
      this.#machine.residents.check();
    } catch (error) {
      this.#fall(error as Error);
    }
  }

  /** A kernel ended by itself, or the driver says that the device failed. */
  #fall(cause: Error): void {
    const error = new DeviceLostError(this.info.id, cause.message, { cause });
    this.#closing = Promise.resolve();
    clearInterval(this.#check);
    this.#hostLanes.close();
    this.#pump.drainAll();
    for (const kernel of this.#kernels) kernel.lose();
    this.#mailroom.close(error);
    this.#pump.close();
    this.#closing = this.#machine.stop().then((ended) => {
      if (ended) this.#free();
    });
    this.#lose(error);
  }

  #checkLaunch(image: KernelImage, options: DeviceLaunchOptions): void {
    if (this.#closing !== null) throw new DeviceClosedError('launch');
    checkLaunch(image, options, this.#options.maxPayloadBytes);
    const most = Math.floor(mailboxBytes / mailLayout.sizeBytes);
    if (options.instances > most) {
      const hint = 'launch several kernels';
      throw new DeviceLimitError(`Instances of '${options.id}'`, options.instances, most, hint);
    }
  }
}
