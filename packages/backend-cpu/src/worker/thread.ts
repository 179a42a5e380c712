import type { ControlAnswer, ControlMessage, WorkerStart } from '../control/messages.ts';
import { ArenaLayout, threadBlock, watchTurns } from '../memory/arena.ts';
import { type AtomicOps, languageAtomics } from '../memory/atomics.ts';
import { goodbyeRecord } from '../queue/record.ts';
import { monotonicOffsetUs, StampClock } from './clock.ts';
import { Engine } from './engine.ts';
import { thrownText } from './fault-report.ts';
import { WorkerKernel } from './kernel.ts';
import { Outbox } from './outbox.ts';
import { Parking } from './parking.ts';
import { buildProgram } from './program.ts';
import { Rounds } from './rounds.ts';

/** One worker thread: its loop, and what the host asks of it between two turns. */
export class WorkerThread {
  readonly #start: WorkerStart;
  readonly #receive: () => ControlMessage | undefined;
  readonly #answer: (answer: ControlAnswer) => void;
  readonly #atomics: AtomicOps;
  readonly #outbox: Outbox;
  readonly #engine: Engine;
  readonly #parking: Parking;
  readonly #words: Int32Array;
  readonly #block: number;
  #controlSeen = 0;
  #phaseRun = 0;
  #phaseTold = 0;
  readonly #rounds: Rounds;
  #heartbeat = 0;
  #exiting = false;

  constructor(
    start: WorkerStart,
    receive: () => ControlMessage | undefined,
    answer: (answer: ControlAnswer) => void,
  ) {
    this.#start = start;
    this.#receive = receive;
    this.#answer = answer;
    const { arena, thread, shape } = start;
    const layout = new ArenaLayout(shape);
    this.#words = new Int32Array(arena);
    this.#block = layout.thread(thread);
    this.#atomics = languageAtomics(arena);
    const clock = new StampClock(
      (start.nodeId << 8) | thread,
      start.wallOffsetUs + monotonicOffsetUs(),
    );
    this.#outbox = new Outbox(arena, this.#atomics, layout, thread, clock);
    this.#engine = new Engine(arena, this.#atomics, layout, thread, this.#outbox, start.epochMs);
    this.#rounds = new Rounds(this.#engine, arena);
    if (start.schedule === 'lockstep') clock.setRound(0);
    this.#parking = new Parking(arena, this.#atomics, layout, thread, start.spinUs);
  }

  /** Returns when the host ends the thread. */
  run(): void {
    const found = (): boolean => this.#engine.poll() || this.#asked() || this.#phaseAsked();
    const watching = threadBlock.watching >>> 2; // the host's block is the first
    const told = (): void => {
      const wanted = this.#atomics.load(threadBlock.watching);
      if (wanted === watchTurns || (wanted !== 0 && this.#lastAwake())) this.#outbox.ring(0);
    };
    while (!this.#exiting) {
      if (this.#asked()) this.#obey();
      if (this.#turn() !== 0) {
        this.#heartbeat = (this.#heartbeat + 1) | 0;
        this.#words[(this.#block + threadBlock.heartbeat) >>> 2] = this.#heartbeat;
        if (this.#words[watching] === watchTurns) this.#outbox.ring(0);
      } else if (this.#outbox.spilled !== 0) this.#parking.pause(found);
      else if (!this.#parking.spin(found)) {
        this.#engine.rest();
        if (!this.#engine.poll()) this.#parking.sleep(found, told);
      }
    }
  }

  #turn(): number {
    if (this.#start.schedule === 'async') return this.#engine.turn();
    const taken = this.#rounds.take();
    const moved = this.#outbox.flush() ? 1 : 0;
    if (this.#phaseAsked()) this.#phaseRun = this.#enter(this.#phaseRun + 1);
    if (this.#phaseRun !== this.#phaseTold && this.#outbox.spilled === 0) {
      this.#phaseTold = this.#phaseRun;
      this.#atomics.store(this.#block + threadBlock.phaseDone, this.#phaseRun);
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
    return this.#atomics.load(this.#block + threadBlock.phase) !== this.#phaseRun;
  }

  /** Whether all other workers sleep too and nothing of this one is on its way to them. */
  #lastAwake(): boolean {
    const { thread, shape } = this.#start;
    for (let other = 1; other < shape.threads; other++) {
      if (other === thread) continue;
      const idle = this.#atomics.load(other * threadBlock.sizeBytes + threadBlock.idle);
      if ((idle & 1) === 0 || !this.#outbox.drained(other)) return false;
    }
    return true;
  }

  #asked(): boolean {
    return this.#atomics.load(this.#block + threadBlock.control) !== this.#controlSeen;
  }

  #obey(): void {
    for (let message = this.#receive(); message !== undefined; message = this.#receive()) {
      this.#controlSeen = (this.#controlSeen + 1) | 0;
      const { request } = message;
      try {
        const bytes = this.#carryOut(message);
        this.#outbox.flush();
        this.#answer(bytes === null ? { request } : { request, bytes });
      } catch (error) {
        this.#answer({ request, error: thrownText(error) });
      }
    }
  }

  #carryOut(message: ControlMessage): Uint8Array | null {
    if (message.op === 'exit') {
      this.#exiting = true;
      return null;
    }
    if (message.op === 'launch') {
      this.#launch(message);
      return null;
    }
    const kernel = this.#outbox.pages[message.baseAddress >>> 6];
    if (kernel === undefined) throw new Error(`no kernel at address ${message.baseAddress}`);
    switch (message.op) {
      case 'activate':
        if (this.#start.schedule === 'async') this.#engine.activate(kernel);
        else kernel.paused = false;
        break;
      case 'deactivate':
        kernel.paused = true;
        break;
      case 'close':
        kernel.closing = true;
        break;
      case 'bury':
        if (this.#start.schedule === 'lockstep') this.#rounds.bury(kernel);
        this.#engine.bury(kernel);
        break;
      case 'remove':
        this.#remove(kernel);
        break;
      case 'read':
        return kernel.state(message.instance);
    }
    return null;
  }

  #launch({ kernel: start }: ControlMessage & { op: 'launch' }): void {
    const { arena, thread, shape, seed } = this.#start;
    const kernel = new WorkerKernel(start, thread, shape.threads);
    kernel.program = buildProgram(start.text, kernel, this.#engine, arena, seed);
    for (let page = 0; page << 6 < start.instances; page++) {
      this.#outbox.pages[(start.baseAddress >>> 6) + page] = kernel;
    }
  }

  #remove(kernel: WorkerKernel): void {
    for (let page = 0; page << 6 < kernel.instances; page++) {
      this.#outbox.pages[(kernel.base >>> 6) + page] = undefined;
    }
    const goodbye = new Int32Array(16);
    goodbye[12] = kernel.base;
    this.#outbox.forward(goodbye, 0, goodbyeRecord, 0);
  }
}
