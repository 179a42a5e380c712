import {
  checkLaunch,
  type Device,
  DeviceClosedError,
  type DeviceInfo,
  type DeviceKernel,
  type DeviceLaunchOptions,
  DeviceLostError,
  type DeviceOptions,
  type KernelImage,
  type KernelSink,
  layoutHash,
  MessageIdGenerator,
  NotSupportedError,
  openAtomicWords,
  RecordMessage,
  type RingKernelError,
  type Schedule,
} from '@ringkernel/core';
import { coresFor, pin } from '../affinity.ts';
import type { KernelStart } from '../control/messages.ts';
import { ProgramRejectedError } from '../errors.ts';
import { ArenaLayout } from '../memory/arena.ts';
import { allocateShared, bufferOf } from '../memory/arena-memory.ts';
import { KernelMemory } from '../memory/kernel-memory.ts';
import type { KernelMeter } from '../memory/meter.ts';
import { place } from '../memory/placement.ts';
import type { CpuOptions } from '../options.ts';
import { deadLetterRecord, faultRecord, fromSender, goodbyeRecord } from '../queue/record.ts';
import { monotonicOffsetUs, StampClock } from '../worker/clock.ts';
import { largestPayload } from '../worker/outbox.ts';
import { type ControlRequest, Crew } from './crew.ts';
import { HostRounds } from './host-rounds.ts';
import { CpuKernel, type KernelHost } from './kernel.ts';
import { type KernelProgram, programOf, stageBytes, textProgram } from './program.ts';
import { Pump } from './pump.ts';

/** A device is lost when so many of its workers die within so many milliseconds. */
const mostDeaths = 5;
const deathsMs = 10_000;

/** A pool of worker threads as a device. */
export class CpuDevice implements Device {
  readonly info: DeviceInfo;
  readonly schedule: Schedule;
  readonly lost: Promise<RingKernelError>;

  readonly #options: CpuOptions;
  readonly #layout: ArenaLayout;
  readonly #crew: Crew;
  readonly #pump: Pump;
  readonly #rounds: HostRounds | null;
  readonly #context: KernelHost;
  readonly #message: RecordMessage;
  readonly #pages: (CpuKernel | undefined)[] = [];
  readonly #dirty: KernelMeter[] = [];
  /** What the workers were told of each kernel that is still there. */
  readonly #starts: Map<CpuKernel, KernelStart> = new Map();
  /** When workers died, milliseconds. */
  readonly #deaths: number[] = [];
  #monitor: NodeJS.Timeout | undefined;
  #launched = 0;
  #closing: Promise<void> | null = null;
  #lostWith: RingKernelError | null = null;
  #lose: (error: RingKernelError) => void = () => {};

  private constructor(info: DeviceInfo, options: CpuOptions, device: DeviceOptions) {
    this.info = info;
    this.schedule = device.schedule ?? 'async';
    this.#options = options;
    const shape = { threads: options.workers + 1, laneSlots: options.laneCapacity };
    this.#layout = new ArenaLayout(shape);
    const memory = allocateShared(this.#layout.sizeBytes);
    const arena = bufferOf(memory);
    this.#message = new RecordMessage(arena);
    this.lost = new Promise((resolve) => {
      this.#lose = resolve;
    });
    const nodeId = device.nodeId ?? 0;
    const wallOffsetUs = performance.timeOrigin * 1_000 - monotonicOffsetUs();
    const clock = new StampClock(nodeId << 8, performance.timeOrigin * 1_000);
    this.#pump = new Pump(
      arena,
      openAtomicWords(memory),
      this.#layout,
      clock,
      options.hostSpinUs,
      (offset) => {
        if (this.#rounds?.keep(offset) !== true) this.#deliver(offset);
      },
      () => this.#flush(),
    );
    this.#rounds =
      this.schedule === 'lockstep'
        ? new HostRounds(this.#pump, this.#layout, (offset) => this.#deliver(offset))
        : null;
    this.#crew = new Crew(arena, options.workerMemoryMb, (thread, error) =>
      this.#replace(thread, error),
    );
    this.#context = {
      crew: this.#crew,
      pump: this.#pump,
      ids: new MessageIdGenerator({ node: nodeId, thread: 0 }),
      rounds: this.#rounds,
      workers: options.workers,
      handlerTimeoutMs: options.handlerTimeoutMs,
      scratch: this.#layout.scratch(0),
      mark: (meter) => {
        meter.dirty = true;
        this.#dirty.push(meter);
      },
      forget: (kernel) => {
        this.#map(kernel.base, kernel.instances, undefined);
        this.#starts.delete(kernel);
      },
    };
    this.#cores = options.affinity === 'pin' ? coresFor(options.workers + 1) : null;
    this.#start = (thread) =>
      this.#crew.start({
        thread,
        generation: 0,
        core: this.#cores?.[thread] ?? null,
        memory,
        shape,
        layoutHash,
        schedule: this.schedule,
        nodeId,
        seed: device.seed ?? 0,
        epochMs: device.epochMs ?? 0,
        spinUs: options.spinUs,
        handlerTimeoutMs: options.handlerTimeoutMs,
        sourceMaps: options.sourceMaps,
        wallOffsetUs,
      });
  }
  readonly #start: (thread: number) => Promise<void>;
  /** Core of each thread; null: wherever the system puts them. */
  readonly #cores: readonly number[] | null;
  #unpin: () => void = () => {};

  /** Starts the workers. Rejects with `DeviceLostError` when one can't start. */
  static async open(
    info: DeviceInfo,
    options: CpuOptions,
    device: DeviceOptions,
  ): Promise<CpuDevice> {
    const opened = new CpuDevice(info, options, device);
    const threads = Array.from({ length: options.workers }, (_, i) => i + 1);
    try {
      await Promise.all(threads.map((thread) => opened.#start(thread)));
    } catch (error) {
      await opened.close();
      throw error;
    }
    opened.#watchOver();
    // Last: threads started by a pinned one would begin on its core.
    const own = opened.#cores?.[0];
    if (own !== undefined) opened.#unpin = pin(own);
    return opened;
  }

  async launch(
    image: KernelImage,
    options: DeviceLaunchOptions,
    sink: KernelSink,
  ): Promise<DeviceKernel> {
    this.#check(image, options);
    const program = programOf(image, this.schedule, this.#options);
    return await this.#launchProgram(image, program, options, sink);
  }

  /** Launches a program given as the text that a worker builds it from. */
  launchText(
    image: KernelImage,
    text: string,
    options: DeviceLaunchOptions,
    sink: KernelSink,
  ): Promise<DeviceKernel> {
    return this.#launchProgram(image, textProgram(text), options, sink);
  }

  async #launchProgram(
    image: KernelImage,
    program: KernelProgram,
    options: DeviceLaunchOptions,
    sink: KernelSink,
  ): Promise<DeviceKernel> {
    const { instances, baseAddress, queueCapacity, onFull, onFailure = 'dead-letter' } = options;
    const { rollback = false } = options;
    const placement = place(instances, this.#options.workers, this.#launched++);
    const ownerThreads = [...new Set(placement.owners)].sort((a, b) => a - b);
    const threads = this.#options.workers + 1;
    const layout = new KernelMemory(
      threads,
      ownerThreads,
      instances,
      image.state.size,
      stageBytes(program.webAssembly),
      rollback,
    );
    const { text, webAssembly, host, code } = program;
    const memory =
      webAssembly === null
        ? new SharedArrayBuffer(layout.sizeBytes)
        : allocateShared(layout.sizeBytes);
    const kernel = new CpuKernel(
      this.#context,
      options,
      sink,
      placement,
      layout,
      image.state.size,
      bufferOf(memory),
      code,
    );
    this.#map(baseAddress, instances, kernel);
    const start = {
      name: options.id,
      baseAddress,
      instances,
      queueCapacity,
      onFull,
      onFailure,
      rollback,
      tenant: options.tenant ?? 0,
      stateBytes: image.state.size,
      ownerThreads,
      ...placement,
      memory,
      text,
      webAssembly,
      host,
      revived: false,
    };
    this.#starts.set(kernel, start);
    try {
      await this.#crew.askAll({ op: 'launch', kernel: start });
    } catch (cause) {
      this.#context.forget(kernel);
      if (cause instanceof DeviceClosedError || cause instanceof DeviceLostError) throw cause;
      await this.#crew.askAll({ op: 'remove', baseAddress }).catch(() => {}); // some never had it
      throw new ProgramRejectedError(options.id, cause);
    }
    return kernel;
  }

  async step(rounds: number): Promise<void> {
    this.#checkOpen('step');
    if (this.#rounds === null) {
      throw new NotSupportedError('step', 'the schedule of this device is async', {
        hint: "open it with schedule: 'lockstep'",
      });
    }
    this.#crew.ref();
    try {
      await this.#rounds.step(rounds);
    } catch (error) {
      throw this.#lostWith ?? error;
    } finally {
      this.#crew.unref();
    }
  }

  ref(): void {
    this.#crew.ref();
  }

  unref(): void {
    this.#crew.unref();
  }

  async settled(): Promise<void> {
    this.#crew.ref();
    this.#pump.publish();
    await this.#quiet();
    this.#crew.unref();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    clearInterval(this.#monitor);
    this.#unpin();
    await this.#crew.end();
    while (this.#pump.drain() > 0);
    for (const kernel of this.#kernels()) kernel.end();
    this.#pump.close();
  }

  /** With a time-out for handlers: a worker that does not come out of one by itself is ended. */
  #watchOver(): void {
    const { handlerTimeoutMs } = this.#options;
    if (handlerTimeoutMs === 0 || this.#rounds !== null) return;
    this.#monitor = setInterval(() => {
      for (const thread of this.#crew.stuck()) void this.#crew.kill(thread);
    }, handlerTimeoutMs);
    this.#monitor.unref();
  }

  /** Resolves when nothing is in flight; then what a dead worker had not told is known to be lost. */
  async #quiet(): Promise<void> {
    await this.#pump.watch(() => this.#pump.quiet(), false);
    if (this.#pump.quiet()) for (const kernel of this.#kernels()) kernel.audit();
    this.#pump.check(); // whoever waits for room
  }

  /**
   * A worker has died. Another one takes its place; the instances that lived there have failed, and what waited for them
   * there is lost. What was on its way to them and from them is in the lanes and stays.
   */
  #replace(thread: number, error: DeviceLostError): void {
    if (this.#closing !== null) return;
    const nowMs = performance.now();
    this.#deaths.push(nowMs);
    if (this.#deaths.length > mostDeaths) this.#deaths.shift();
    const often =
      this.#deaths.length === mostDeaths && nowMs - (this.#deaths[0] as number) < deathsMs;
    if (this.#rounds !== null || often) return void this.#fall(error);
    while (this.#pump.drain() > 0);
    const starts = [...this.#starts].filter(([{ base }]) => !this.#crew.launching(thread, base));
    const lost = starts.map(([kernel]) => [kernel, kernel.loseThread(thread)] as const);
    const known = starts.flatMap(([kernel, start]): ControlRequest[] => [
      { op: 'launch', kernel: { ...start, revived: true } },
      ...kernel.knownTo.map((op) => ({ op, baseAddress: kernel.base }) as const),
    ]);
    this.#crew
      .replace(thread, [...known, { op: 'takeOver' }])
      .then(() => this.#quiet())
      .catch((cause: unknown) => this.#fall(new DeviceLostError('cpu', error.reason, { cause })));
    for (const [kernel, instances] of lost) kernel.tellLost(instances, error.reason, error.cause);
  }

  /** So many workers died that it makes no sense to go on: the others are stopped too. */
  async #fall(error: RingKernelError): Promise<void> {
    if (this.#closing !== null) return;
    clearInterval(this.#monitor);
    this.#unpin();
    this.#lostWith = error;
    this.#closing = this.#crew.stop(error);
    await this.#closing;
    while (this.#pump.drain() > 0);
    for (const kernel of this.#kernels()) kernel.lose();
    this.#pump.close();
    this.#lose(error);
  }

  #kernels(): Set<CpuKernel> {
    return new Set(this.#pages.filter((kernel) => kernel !== undefined));
  }

  #flush(): void {
    for (const meter of this.#dirty) meter.flush();
    this.#dirty.length = 0;
  }

  #map(baseAddress: number, instances: number, kernel: CpuKernel | undefined): void {
    for (let page = 0; page << 6 < instances; page++) {
      this.#pages[(baseAddress >>> 6) + page] = kernel;
    }
  }

  #deliver(offset: number): void {
    const { words } = this.#pump;
    const word = offset >>> 2;
    const source = words[word + 12] as number;
    const kind = (words[word + 3] as number) & goodbyeRecord;
    if (kind === 0) this.#pages[source >>> 6]?.deliver(this.#message, offset);
    else if (kind === goodbyeRecord) this.#pages[source >>> 6]?.goodbye();
    else if (kind === faultRecord) this.#pages[(words[word + 13] as number) >>> 6]?.fault(offset);
    else if (kind === deadLetterRecord) {
      const address = fromSender(words[word] as number) ? source : (words[word + 13] as number);
      this.#pages[address >>> 6]?.deadLetter(offset);
    }
  }

  #check(image: KernelImage, options: DeviceLaunchOptions): void {
    this.#checkOpen('launch');
    checkLaunch(image, options, largestPayload(this.#options.laneCapacity));
  }

  /** Throws what the device was lost with, or `DeviceClosedError`. */
  #checkOpen(operation: string): void {
    if (this.#lostWith !== null) throw this.#lostWith;
    if (this.#closing !== null) throw new DeviceClosedError(operation);
  }
}
