import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { DeviceClosedError, DeviceLostError } from '@ringkernel/core';
import type { ControlAnswer, ControlMessage, WorkerStart } from '../control/messages.ts';
import { threadBlock } from '../memory/arena.ts';
import { remade } from './remade.ts';

type Without<T, K extends string> = T extends unknown ? Omit<T, K> : never;
export type ControlRequest = Without<ControlMessage, 'request'>;

interface Member {
  readonly thread: number;
  readonly worker: Worker;
  readonly port: MessagePort;
}

interface Waiting {
  readonly thread: number;
  resolve(answer: ControlAnswer): void;
  reject(error: Error): void;
}

/** How long a worker has to end by itself, milliseconds; it may be inside of a handler that never returns. */
const exitMs = 1_000;

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
  readonly #members: Member[] = [];
  readonly #waiting: Map<number, Waiting> = new Map();
  readonly #words: Int32Array;
  readonly #onLost: (error: DeviceLostError) => void;
  #requests = 0;
  #held = 0;
  #ended = false;

  constructor(arena: SharedArrayBuffer, onLost: (error: DeviceLostError) => void) {
    this.#words = new Int32Array(arena);
    this.#onLost = onLost;
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
    });
    this.#members.push({ thread, worker, port: port1 });
    port1.unref();
    return new Promise((resolve, reject) => {
      let problem: unknown;
      worker.on('message', (answer: ControlAnswer) => {
        if (answer.request !== 0) return this.#settle(answer);
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
        if (!this.#ended) this.#onLost(error);
      });
    });
  }

  /** Asks one worker. Rejects when it says why not, or is lost. */
  ask(thread: number, request: ControlRequest): Promise<ControlAnswer> {
    if (this.#ended) return Promise.reject(new DeviceClosedError(request.op));
    const member = this.#members.find((m) => m.thread === thread) as Member;
    const id = ++this.#requests;
    const answer = new Promise<ControlAnswer>((resolve, reject) => {
      this.#waiting.set(id, { thread, resolve, reject });
    });
    this.ref();
    const block = thread * threadBlock.sizeBytes;
    // Counted before it is there, so that a worker in a turn may begin to see a request, but never cease to.
    Atomics.add(this.#words, (block + threadBlock.control) >>> 2, 1);
    member.port.postMessage({ ...request, request: id } satisfies ControlMessage);
    Atomics.store(this.#words, (block + threadBlock.bell) >>> 2, 0);
    Atomics.notify(this.#words, (block + threadBlock.bell) >>> 2);
    return answer.finally(() => this.unref());
  }

  /** Asks all workers the same. */
  async askAll(request: ControlRequest): Promise<void> {
    await Promise.all(this.#members.map(({ thread }) => this.ask(thread, request)));
  }

  /** While held, the workers keep the process alive. Calls nest. */
  ref(): void {
    if (++this.#held === 1) for (const { worker } of this.#members) worker.ref();
  }

  unref(): void {
    if (--this.#held === 0) for (const { worker } of this.#members) worker.unref();
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
    for (const { reject } of this.#waiting.values()) reject(reason);
    this.#waiting.clear();
    for (const { port } of this.#members) port.close();
    this.ref(); // the process must not end before they have
    await Promise.all(this.#members.map(({ worker }) => worker.terminate()));
  }

  #settle(answer: ControlAnswer): void {
    const waiting = this.#waiting.get(answer.request);
    this.#waiting.delete(answer.request);
    if (answer.error === undefined) waiting?.resolve(answer);
    else waiting?.reject(remade(answer.error));
  }
}
