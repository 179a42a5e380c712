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
  longestTimerMs,
  MessageIdGenerator,
  NotSupportedError,
  RingKernelError,
  type Schedule,
} from '@ringkernel/core';
import type { GpuDevice } from '../gpu/api.ts';
import { GpuMemory } from '../gpu/memory.ts';
import { Pipelines } from '../gpu/pipelines.ts';
import type { WebgpuOptions } from '../options.ts';
import { paramsWords } from '../text/bindings.ts';
import { header, workgroup } from '../text/layout.ts';
import { SharedBuffers } from './buffers.ts';
import { Clock } from './clock.ts';
import { Engine } from './engine.ts';
import { GpuKernel } from './kernel.ts';
import { KernelSlot } from './kernel-slot.ts';
import { Lane } from './lane.ts';
import { programOf } from './program.ts';
import { Pump } from './pump.ts';

const policies = ['wait', 'reject', 'drop-oldest'] as const;

/** A WebGPU device that runs actors. */
export class WebgpuDevice implements Device {
  readonly info: DeviceInfo;
  readonly schedule: Schedule;
  readonly lost: Promise<RingKernelError>;
  readonly #gpu: GpuDevice;
  readonly #memory: GpuMemory;
  readonly #pipelines: Pipelines;
  readonly #shared: SharedBuffers;
  readonly #pump: Pump;
  readonly #seed: number;
  readonly #options: WebgpuOptions;
  #lose: (error: RingKernelError) => void = () => {};
  #closing: Promise<void> | null = null;
  #references = 0;
  #timer: ReturnType<typeof setInterval> | null = null;

  private constructor(
    info: DeviceInfo,
    gpu: GpuDevice,
    memory: GpuMemory,
    pipelines: Pipelines,
    shared: SharedBuffers,
    engine: Engine,
    clock: Clock,
    options: WebgpuOptions,
    device: DeviceOptions,
  ) {
    this.info = info;
    this.#gpu = gpu;
    this.schedule = device.schedule ?? 'async';
    this.#memory = memory;
    this.#pipelines = pipelines;
    this.#shared = shared;
    this.#seed = device.seed ?? 0;
    this.#options = options;
    this.lost = new Promise((resolve) => {
      this.#lose = resolve;
    });
    const ids = new MessageIdGenerator({ node: device.nodeId ?? 0, thread: 0 });
    const fail = (error: unknown): void => {
      const known = error instanceof RingKernelError;
      this.#fall(known ? error : new DeviceLostError(info.id, String(error), { cause: error }));
    };
    this.#pump = new Pump(engine, shared, clock, ids, options, device.epochMs ?? 0, fail);
    gpu.lost.then(({ reason, message }) => {
      this.#fall(new DeviceLostError(info.id, message === '' ? reason : message));
    });
    gpu.addEventListener('uncapturederror', (event) => {
      event.preventDefault();
      this.#fall(new DeviceLostError(info.id, event.error.message));
    });
  }

  static async open(
    info: DeviceInfo,
    gpu: GpuDevice,
    options: WebgpuOptions,
    device: DeviceOptions,
  ): Promise<WebgpuDevice> {
    const lockstep = device.schedule === 'lockstep';
    const clock = new Clock(lockstep, device.nodeId ?? 0);
    const memory = new GpuMemory(gpu);
    const pipelines = new Pipelines(gpu);
    const { lanes, heapBytes, egressBytes } = options;
    const shared = await SharedBuffers.open(memory, heapBytes, egressBytes, lanes);
    const engine = new Engine(
      memory,
      pipelines,
      shared,
      {
        params: await memory.uniform('nothing', paramsWords),
        states: await memory.storage('nothing', 4),
      },
      Array.from({ length: lanes }, (_, i) => new Lane(memory, i)),
      {
        budget: lockstep ? 0xffff_ffff : options.messagesPerTick,
        lockstep,
        node: (clock.node | 1) >>> 0,
      },
    );
    return new WebgpuDevice(info, gpu, memory, pipelines, shared, engine, clock, options, device);
  }

  async launch(
    image: KernelImage,
    options: DeviceLaunchOptions,
    sink: KernelSink,
  ): Promise<DeviceKernel> {
    this.#check(image, options);
    this.#pump.check();
    const { instances, baseAddress, queueCapacity, onFull } = options;
    const software = this.info.kind === 'software';
    const program = programOf(image, this.#options, software);
    const { text, stateWords, workgroups, code } = program;
    const pipeline = await this.#pipelines.compile(options.id, text, 'rk_tick', image);
    // Twice: a handler that finds no room for what it sends is taken back.
    const states = await this.#memory.storage('states', instances * stateWords * 2);
    const claimed: (() => void)[] = [() => states.destroy()];
    let kernel: GpuKernel | undefined;
    const entered = this.#pump.alone(async () => {
      const params = await this.#memory.uniform('figures of a kernel', paramsWords);
      claimed.push(() => params.destroy());
      const control = await this.#shared.claimControl(instances);
      claimed.push(() => this.#shared.releaseControl(control, instances));
      const counters = await this.#shared.claimCounters();
      claimed.push(() => this.#shared.releaseCounters(counters));
      const slot = new KernelSlot(pipeline, params, states, {
        instances,
        workgroups,
        baseAddress,
        seed: this.#seed,
        control,
        counters,
        capacity: queueCapacity,
        policy: policies.indexOf(onFull),
        holds: options.onFailure === 'wait',
        rollback: options.rollback === true,
        tenant: options.tenant ?? 0,
      });
      this.#gpu.queue.writeBuffer(params, 0, slot.words);
      const { living = instances } = options;
      if (living < instances) this.#pump.leaveEmpty(slot, living);
      this.#pump.check(); // the device may have ended meanwhile
      await this.#shared.enter(slot);
      kernel = new GpuKernel(
        this.#pump,
        options,
        slot,
        sink,
        code,
        image.state.size,
        stateWords * 4,
      );
      this.#pump.rounds.kernels.push(kernel);
      this.#pump.rounds.kernels.sort((a, b) => a.base - b.base);
    });
    await entered.catch((error: unknown) => {
      for (const giveBack of claimed) giveBack();
      throw error;
    });
    if (kernel === undefined) throw new DeviceClosedError('launch');
    return kernel;
  }

  async step(rounds: number): Promise<void> {
    if (this.#closing !== null) throw new DeviceClosedError('step');
    if (this.schedule !== 'lockstep') {
      throw new NotSupportedError('step', 'the schedule of this device is async', {
        hint: "open it with schedule: 'lockstep'",
      });
    }
    await this.#pump.step(rounds);
    this.#pump.check();
  }

  ref(): void {
    this.#references++;
    this.#timer ??= setInterval(() => {}, longestTimerMs); // only keeps the process alive
  }

  unref(): void {
    this.#references = Math.max(0, this.#references - 1);
    if (this.#references > 0 || this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
  }

  async settled(): Promise<void> {
    this.ref();
    await this.#pump.settled();
    this.unref();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const closed = new DeviceClosedError('run');
    await this.#pump.alone(async () => this.#pump.lose(closed));
    for (const kernel of this.#pump.rounds.kernels) kernel.end();
    this.#gpu.destroy();
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  /** The device is gone, and with it everything that was there. */
  #fall(error: RingKernelError): void {
    if (this.#closing !== null || this.#pump.lost !== null) return;
    this.#pump.lose(error);
    for (const kernel of this.#pump.rounds.kernels) kernel.lose();
    // In another turn: Dawn tells of errors while it holds what destroying would wait for.
    setTimeout(() => this.#gpu.destroy(), 0);
    this.#lose(error);
  }

  #check(image: KernelImage, options: DeviceLaunchOptions): void {
    if (this.#closing !== null) throw new DeviceClosedError('launch');
    checkLaunch(image, options, (this.#shared.largestMessage - header.words) * 4);
    const most = this.#gpu.limits.maxComputeWorkgroupsPerDimension * workgroup;
    if (options.instances > most) {
      throw new DeviceLimitError(
        'Instances of a kernel',
        options.instances,
        most,
        'launch two kernels',
      );
    }
  }
}
