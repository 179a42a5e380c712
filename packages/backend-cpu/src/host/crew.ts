import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { DeviceClosedError, DeviceLostError } from '@ringkernel/core';
import type { ControlAnswer, ControlMessage, WorkerStart } from '../control/messages.ts';
import { threadBlock } from '../memory/arena.ts';
import { remade } from './remade.ts';

type Without<T, K extends string> = T extends unknown ? Omit<T, K> : never;
export type ControlRequest = Without<ControlMessage, 'request'>;

interface Member {
  readonly start: WorkerStart;
  readonly worker: Worker;
  readonly port: MessagePort;
  /** It runs; before that nobody can tell whether it is stuck. */
  ready: boolean;
  /** What it showed of itself when that was last looked at, and how often it has been the same. */
  pulse: number;
  stood: number;
}

interface Waiting {
  readonly thread: number;
  readonly request: ControlRequest;
  resolve(answer: ControlAnswer): void;
  reject(error: Error): void;
}

/** How long a worker has to end by itself, milliseconds; it may be inside of a handler that never returns. */
const exitMs = 1_000;
/**
 * Memory for new objects in a worker with a limit, MiB. Node lets a worker that is over its limit have 16 MiB more to end
 * in; if more than that is new when the collector notices, V8 ends the whole process (seen with Node 24, which has room for
 * three times as much).
 */
const youngMb = 12;

/**
 * Workers take over the options of their process, and Node refuses `--input-type`, which is about the text of
 * `node -e`, to run them from a file.
 */
function inheritedOptions(): { readonly execArgv?: string[] } {
  const inline = process.execArgv.some((option) => option.startsWith('--input-type'));
  return inline ? { execArgv: [] } : {};
}

/** The worker threads of a device, and the requests that are under way to them. */
export class Crew {
  /** By thread. */
  readonly #members: Map<number, Member> = new Map();
  readonly #waiting: Map<number, Waiting> = new Map();
  readonly #words: Int32Array;
  readonly #onDeath: (thread: number, error: DeviceLostError) => void;
  readonly #memoryMb: number;
  #requests = 0;
  #held = 0;
  #ended = false;
  /** Why the workers were stopped. */
  #reason: Error | undefined;

  /** `memoryMb`: what a worker may allocate itself, 0 = as much as Node lets it. `onDeath`: one has ended by itself. */
  constructor(
    arena: SharedArrayBuffer,
    memoryMb: number,
    onDeath: (thread: number, error: DeviceLostError) => void,
  ) {
    this.#words = new Int32Array(arena);
    this.#memoryMb = memoryMb;
    this.#onDeath = onDeath;
  }

  /** Starts one worker; resolves when it runs. */
  start(start: WorkerStart): Promise<void> {
    const { port1, port2 } = new MessageChannel();
    const { thread } = start;
    const worker = new Worker(new URL('../worker/worker.js', import.meta.url), {
      name: `ringkernel-${thread}`,
      workerData: { start, port: port2 },
      transferList: [port2],
      ...inheritedOptions(),
      ...(this.#memoryMb === 0
        ? {}
        : {
            resourceLimits: {
              maxOldGenerationSizeMb: this.#memoryMb,
              maxYoungGenerationSizeMb: youngMb,
            },
          }),
    });
    const member: Member = { start, worker, port: port1, ready: false, pulse: -1, stood: 0 };
    this.#members.set(thread, member);
    port1.unref();
    return new Promise((resolve, reject) => {
      let problem: unknown;
      worker.on('message', (answer: ControlAnswer) => {
        if (answer.request !== 0) return this.#settle(answer);
        member.ready = true;
        if (this.#held === 0) worker.unref();
        resolve();
      });
      worker.on('error', (error) => {
        problem = error;
      });
      worker.on('exit', (code) => {
        const reason = `worker ${thread} ended with exit code ${code}`;
        const error = new DeviceLostError('cpu', reason, { cause: problem });
        reject(error);
        port1.close();
        if (!this.#ended) this.#onDeath(thread, error);
      });
    });
  }

  /**
   * Starts a worker in the place of one that has died, and tells it what the other one knew: `known`, then what it had
   * been asked and has not answered. Resolves when it has taken over.
   */
  async replace(thread: number, known: readonly ControlRequest[]): Promise<void> {
    const { start } = this.#members.get(thread) as Member;
    const block = thread * threadBlock.sizeBytes;
    for (const word of [threadBlock.control, threadBlock.idle, threadBlock.bell]) {
      Atomics.store(this.#words, (block + word) >>> 2, 0);
    }
    const unanswered = [...this.#waiting].filter(([, waiting]) => waiting.thread === thread);
    const running = this.start({ ...start, generation: start.generation + 1 });
    const told = known.map((request) => this.ask(thread, request));
    for (const [id, { request }] of unanswered) this.#post(thread, id, request);
    await Promise.all([running, ...told]);
  }

  /** Workers that have something to do and did not get on with it since the last two times this was asked. */
  stuck(): number[] {
    const found: number[] = [];
    for (const [thread, member] of this.#members) {
      const block = (thread * threadBlock.sizeBytes) >>> 2;
      const idle = Atomics.load(this.#words, block + (threadBlock.idle >>> 2));
      const beat = Atomics.load(this.#words, block + (threadBlock.heartbeat >>> 2));
      const pulse = idle * 0x1_0000_0000 + beat;
      const stands = member.ready && (idle & 1) === 0 && member.pulse === pulse;
      member.stood = stands ? member.stood + 1 : 0;
      member.pulse = pulse;
      if (member.stood >= 2) found.push(thread);
    }
    return found;
  }

  /** Whether a worker has not said yet that it has launched the kernel at this address. */
  launching(thread: number, baseAddress: number): boolean {
    return [...this.#waiting.values()].some(
      ({ thread: asked, request }) =>
        asked === thread && request.op === 'launch' && request.kernel.baseAddress === baseAddress,
    );
  }

  /** Ends one worker where it is; another one takes its place. */
  async kill(thread: number): Promise<void> {
    await this.#members.get(thread)?.worker.terminate();
  }

  /** Asks one worker. Rejects when it says why not, or is lost. */
  ask(thread: number, request: ControlRequest): Promise<ControlAnswer> {
    if (this.#ended) {
      const isLost = this.#reason instanceof DeviceLostError;
      return Promise.reject(isLost ? this.#reason : new DeviceClosedError(request.op));
    }
    const id = ++this.#requests;
    const answer = new Promise<ControlAnswer>((resolve, reject) => {
      this.#waiting.set(id, { thread, request, resolve, reject });
    });
    this.ref();
    this.#post(thread, id, request);
    return answer.finally(() => this.unref());
  }

  #post(thread: number, id: number, request: ControlRequest): void {
    const { port } = this.#members.get(thread) as Member;
    const block = thread * threadBlock.sizeBytes;
    // Counted before it is there, so that a worker in a turn may begin to see a request, but never cease to.
    Atomics.add(this.#words, (block + threadBlock.control) >>> 2, 1);
    port.postMessage({ ...request, request: id } satisfies ControlMessage);
    Atomics.store(this.#words, (block + threadBlock.bell) >>> 2, 0);
    Atomics.notify(this.#words, (block + threadBlock.bell) >>> 2);
  }

  /** Asks all workers the same. */
  async askAll(request: ControlRequest): Promise<void> {
    await Promise.all([...this.#members.keys()].map((thread) => this.ask(thread, request)));
  }

  /** While held, the workers keep the process alive. Calls nest. */
  ref(): void {
    if (++this.#held === 1) for (const { worker } of this.#members.values()) worker.ref();
  }

  unref(): void {
    if (--this.#held === 0) for (const { worker } of this.#members.values()) worker.unref();
  }

  /** Ends all workers; those that don't end in time are stopped. */
  async end(): Promise<void> {
    if (this.#ended) return;
    const asked = this.askAll({ op: 'exit' }).catch(() => {});
    this.#ended = true;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, exitMs);
    });
    await Promise.race([asked, late]);
    clearTimeout(timer);
    await this.stop(new DeviceClosedError('what was under way'));
  }

  /** Stops all workers where they are. */
  async stop(reason: Error): Promise<void> {
    this.#ended = true;
    this.#reason = reason;
    for (const { reject } of this.#waiting.values()) reject(reason);
    this.#waiting.clear();
    for (const { port } of this.#members.values()) port.close();
    this.ref(); // the process must not end before they have
    await Promise.all([...this.#members.values()].map(({ worker }) => worker.terminate()));
  }

  #settle(answer: ControlAnswer): void {
    const waiting = this.#waiting.get(answer.request);
    this.#waiting.delete(answer.request);
    if (answer.error === undefined) waiting?.resolve(answer);
    else waiting?.reject(remade(answer.error));
  }
}
