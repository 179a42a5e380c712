import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { Piscina } from 'piscina';

/** Echo over postMessage: what one writes without a library. */
export class PostMessageEcho {
  readonly #worker: Worker;
  #waiting: ((value: number) => void)[] = [];

  private constructor(worker: Worker) {
    this.#worker = worker;
    worker.on('message', (value: number) => this.#waiting.shift()?.(value));
  }

  static async start(): Promise<PostMessageEcho> {
    const source = `
      const { parentPort } = require('node:worker_threads');
      let sum = 0, seen = 0;
      parentPort.on('message', (m) => {
        if (typeof m === 'number') return parentPort.postMessage(m + 1);
        if (m.last) { parentPort.postMessage(seen); seen = 0; return; }
        seen++;
        sum += m.a + m.b + m.c + m.d + m.e + m.f + m.g + m.h;
      });
      parentPort.postMessage(0);`;
    const worker = new Worker(source, { eval: true });
    await once(worker, 'message');
    return new PostMessageEcho(worker);
  }

  ask(value: number): Promise<number> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#worker.postMessage(value);
    });
  }

  item(a: number): void {
    this.#worker.postMessage({ a, b: 1, c: 2, d: 3, e: 4, f: 5, g: 6, h: 7 });
  }

  /** Resolves with the number of items that arrived. */
  flush(): Promise<number> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#worker.postMessage({ last: true });
    });
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}

/** Echo over piscina, with one worker. */
export function startPiscina(): Piscina<number, number> {
  const filename = new URL('./peer-task.js', import.meta.url).href;
  return new Piscina<number, number>({ filename, name: 'addOne', minThreads: 1, maxThreads: 1 });
}
