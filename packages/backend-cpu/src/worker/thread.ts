import { type AtomicWords, openAtomicWords } from '@ringkernel/core';
import type { ControlAnswer, ControlMessage, WorkerStart } from '../control/messages.ts';
import { ArenaLayout, threadBlock, watchTurns } from '../memory/arena.ts';
import { bufferOf } from '../memory/arena-memory.ts';
import { goodbyeRecord } from '../queue/record.ts';
import { monotonicOffsetUs, StampClock } from './clock.ts';
import { Engine } from './engine.ts';
import { thrownText } from './fault-report.ts';
import { HostLoops } from './host-loops.ts';
import { WorkerKernel } from './kernel.ts';
import { Outbox } from './outbox.ts';
import { Parking } from './parking.ts';
import { buildKernelProgram } from './program.ts';
import { Rounds } from './rounds.ts';
import { Watchdog } from './watchdog.ts';

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** One worker thread: its loop, and what the host asks of it between two turns. */
export class WorkerThread {
  readonly #start: WorkerStart;
  readonly #receive: () => ControlMessage | undefined;
  readonly #answer: (answer: ControlAnswer) => void;
  readonly #atomics: AtomicWords;
  readonly #outbox: Outbox;
  readonly #engine: Engine;
  readonly #parking: Parking;
  readonly #words: Int32Array;
  readonly #block: number;
  #phaseRun = 0;
  #phaseTold = 0;
  readonly #rounds: Rounds;
  readonly #loops: HostLoops;
  #heartbeat = 0;
  /** Until all kernels are here again, a thread that takes over takes nothing out of its lanes. */
  #waiting: boolean;
  #exiting = false;

  constructor(
    start: WorkerStart,
    receive: () => ControlMessage | undefined,
    answer: (answer: ControlAnswer) => void,
  ) {
    this.#start = start;
    this.#receive = receive;
    this.#answer = answer;
    const { thread, shape } = start;
    const arena = bufferOf(start.memory);
    const layout = new ArenaLayout(shape);
    this.#words = new Int32Array(arena);
    this.#block = layout.thread(thread);
    this.#atomics = openAtomicWords(start.memory);
    const clock = new StampClock(
      (start.nodeId << 8) | thread,
      start.wallOffsetUs + monotonicOffsetUs(),
    );
    this.#outbox = new Outbox(arena, this.#atomics, layout, thread, clock, start.generation);
    this.#waiting = start.generation > 0;
    if (start.sourceMaps) process.setSourceMapsEnabled(true);
    const watchdog = new Watchdog(start.handlerTimeoutMs);
    this.#engine = new Engine(
      arena,
      this.#atomics,
      layout,
      thread,
      this.#outbox,
      start.epochMs,
      watchdog,
    );
    this.#rounds = new Rounds(this.#engine, arena);
    this.#loops = new HostLoops(thread, this.#engine.handling, () => this.#parking.stir());
    if (start.schedule === 'lockstep') clock.setRound(0);
    this.#parking = new Parking(arena, this.#atomics, layout, thread, start.spinUs);
  }

  /** Resolves when the host ends the thread. With live loops it gives the event loop its turns. */
  async run(): Promise<void> {
    while (!this.#exiting) {
      if (this.#looping) await this.#runWithLoops();
      else this.#runAlone();
    }
  }

  /** Whether host-only kernels need the event loop of this thread. */
  get #looping(): boolean {
    return this.#loops.live > 0 || this.#loops.loading > 0;
  }

  /** Blocks the thread until it ends or has loops. */
  #runAlone(): void {
    const found = (): boolean => this.#found();
    const unblocked = (): boolean => this.#found() || this.#outbox.roomAgain;
    const told = (): void => this.#told();
    while (!this.#exiting && !this.#looping) {
      if (this.#asked()) {
        this.#obey();
        if (this.#looping) return;
      }
      if (this.#turn() !== 0) this.#beat();
      else if (this.#outbox.spilled !== 0) {
        this.#beat(); // it is alive: others are too full for it
        if (!this.#parking.spin(unblocked)) this.#parking.pause(unblocked);
      } else if (!this.#parking.spin(found)) {
        this.#engine.rest();
        if (!this.#found()) this.#parking.sleep(found, told);
      }
    }
  }

  /** Takes turns between those of the event loop, until it ends or has no loops any more. */
  async #runWithLoops(): Promise<void> {
    while (!this.#exiting && this.#looping) {
      if (this.#asked()) this.#obey();
      if (this.#turn() !== 0 || this.#outbox.spilled !== 0) {
        this.#beat();
        await nextTurn();
        continue;
      }
      await nextTurn(); // what the last turn woke may have written something
      this.#engine.rest();
      if (this.#found() || this.#turn() !== 0) continue;
      await this.#parking.sleepAsync(
        () => this.#found(),
        () => this.#told(),
      );
    }
  }

  #found(): boolean {
    if (this.#asked() || (!this.#waiting && this.#engine.poll())) return true;
    return this.#start.schedule === 'lockstep' && this.#phaseAsked();
  }

  #beat(): void {
    this.#heartbeat = (this.#heartbeat + 1) | 0;
    this.#words[(this.#block + threadBlock.heartbeat) >>> 2] = this.#heartbeat;
    // The host's block is the first.
    if (this.#words[threadBlock.watching >>> 2] === watchTurns) this.#outbox.ring(0);
  }

  /** The thread has fallen idle: the host may wait for that. */
  #told(): void {
    const wanted = this.#atomics.load(threadBlock.watching >>> 2);
    if (wanted === watchTurns || (wanted !== 0 && this.#lastAwake())) this.#outbox.ring(0);
  }

  #turn(): number {
    if (this.#waiting) return 0;
    if (this.#start.schedule === 'async') return this.#engine.turn();
    const taken = this.#rounds.take();
    const moved = this.#outbox.flush() ? 1 : 0;
    if (this.#phaseAsked()) this.#phaseRun = this.#enter(this.#phaseRun + 1);
    if (this.#phaseRun !== this.#phaseTold && this.#outbox.spilled === 0) {
      this.#phaseTold = this.#phaseRun;
      this.#atomics.store((this.#block + threadBlock.phaseDone) >>> 2, this.#phaseRun);
      this.#outbox.ring(0);
      return 1;
    }
    return taken + moved;
  }

  /** Does what the host wants of a phase; its number. */
  #enter(phase: number): number {
    const { clock } = this.#outbox;
    if ((phase & 1) === 1) {
      clock.setRound((phase + 1) >>> 1);
      this.#rounds.deliver();
    } else this.#rounds.run(this.#words[(this.#block + threadBlock.only) >>> 2] as number);
    this.#outbox.flush();
    return phase;
  }

  #phaseAsked(): boolean {
    return this.#atomics.load((this.#block + threadBlock.phase) >>> 2) !== this.#phaseRun;
  }

  /** Whether all other workers sleep too and nothing of this one is on its way to them. */
  #lastAwake(): boolean {
    const { thread, shape } = this.#start;
    for (let other = 1; other < shape.threads; other++) {
      if (other === thread) continue;
      const idle = this.#atomics.load((other * threadBlock.sizeBytes + threadBlock.idle) >>> 2);
      if ((idle & 1) === 0 || !this.#outbox.drained(other)) return false;
    }
    return true;
  }

  #asked(): boolean {
    return (
      this.#atomics.load((this.#block + threadBlock.control) >>> 2) !== this.#engine.requests.seen
    );
  }

  #obey(): void {
    const { requests } = this.#engine;
    for (let message = this.#receive(); message !== undefined; message = this.#receive()) {
      requests.seen = (requests.seen + 1) | 0;
      const { request } = message;
      try {
        const bytes = this.#carryOut(message);
        this.#outbox.flush();
        if (bytes instanceof Promise) this.#answerLater(request, bytes);
        else this.#answer(bytes === null ? { request } : { request, bytes });
      } catch (error) {
        this.#answer({ request, error: thrownText(error) });
      }
    }
  }

  #answerLater(request: number, done: Promise<void>): void {
    done.then(
      () => this.#answer({ request }),
      (error: unknown) => this.#answer({ request, error: thrownText(error) }),
    );
  }

  #carryOut(message: ControlMessage): Uint8Array | Promise<void> | null {
    if (message.op === 'exit') {
      this.#exiting = true;
      return null;
    }
    if (message.op === 'takeOver') {
      this.#engine.takeOver();
      this.#waiting = false;
      return null;
    }
    if (message.op === 'launch') {
      return this.#launch(message);
    }
    const kernel = this.#outbox.pages[message.baseAddress >>> 6];
    if (kernel === undefined) throw new Error(`no kernel at address ${message.baseAddress}`);
    switch (message.op) {
      case 'activate':
        if (this.#start.schedule === 'async') this.#engine.handling.activate(kernel);
        else kernel.paused = false;
        this.#loops.activate(kernel);
        break;
      case 'deactivate':
        kernel.paused = true;
        break;
      case 'close':
        kernel.closing = true;
        this.#loops.wake(kernel);
        break;
      case 'bury':
        if (this.#start.schedule === 'lockstep') this.#rounds.bury(kernel);
        this.#engine.handling.bury(kernel);
        this.#loops.wake(kernel);
        break;
      case 'remove':
        this.#loops.whenEnded(kernel, () => this.#remove(kernel));
        break;
      case 'restart':
        this.#restart(kernel, message.instance, message.state);
        break;
      case 'spawn':
        if (this.#start.schedule === 'lockstep') {
          this.#rounds.buryInstance(kernel, message.instance);
        }
        kernel.writeState(message.instance, message.state);
        kernel.begin(message.instance);
        this.#loops.spawn(kernel, message.instance);
        break;
      case 'retire':
        this.#engine.handling.retire(kernel, message.instance);
        this.#loops.retire(kernel, message.instance);
        if (this.#start.schedule === 'lockstep') {
          this.#rounds.buryInstance(kernel, message.instance);
        }
        break;
      case 'read':
        return kernel.state(message.instance);
    }
    return null;
  }

  /** Between two handlers: what waits for the instance is handled with its new state. */
  #restart(kernel: WorkerKernel, instance: number, state: Uint8Array | null): void {
    this.#loops.restart(kernel, instance);
    kernel.writeState(instance, state);
    this.#engine.handling.restart(kernel, instance);
  }

  #launch({ kernel: start }: ControlMessage & { op: 'launch' }): Promise<void> | null {
    const { thread, shape, seed } = this.#start;
    const arena = bufferOf(this.#start.memory);
    const kernel = new WorkerKernel(start, thread, shape.threads);
    kernel.program = buildKernelProgram(start, kernel, this.#engine.handling, {
      arena,
      seed,
      thread,
    });
    for (let page = 0; page << 6 < start.instances; page++) {
      this.#outbox.pages[(start.baseAddress >>> 6) + page] = kernel;
    }
    return start.host === null ? null : this.#loops.load(kernel, start.host);
  }

  #remove(kernel: WorkerKernel): void {
    for (let page = 0; page << 6 < kernel.instances; page++) {
      this.#outbox.pages[(kernel.base >>> 6) + page] = undefined;
    }
    const goodbye = new Int32Array(16);
    goodbye[12] = kernel.base;
    this.#outbox.forward(goodbye, 0, goodbyeRecord, 0);
    this.#outbox.flush();
  }
}
