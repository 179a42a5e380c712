import { type ChildProcess, fork } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { DawnJob, DawnReply, DawnResult } from './dawn-child.ts';
import { softwareGpu } from './swiftshader.ts';

/** The built file: this module may run from its TypeScript source, which a child process can't. */
const childFile = join(
  dirname(createRequire(import.meta.url).resolve('@ringkernel/compiler/package.json')),
  ...['dist', 'fuzz', 'dawn-child.js'],
);

/** A child process with Dawn on SwiftShader. */
export class Dawn {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** Starts it; a string is the reason why there is none on this machine. */
  static async open(): Promise<Dawn | string> {
    const gpu = softwareGpu();
    if (typeof gpu === 'string') return gpu;
    const child = fork(childFile, { serialization: 'advanced', env: { ...process.env, ...gpu } });
    const dawn = new Dawn(child);
    try {
      const reply = await dawn.#next();
      if ('ready' in reply) return dawn;
      dawn.close();
      return 'none' in reply ? reply.none : 'Dawn did not start';
    } catch (error) {
      return String(error);
    }
  }

  async run(job: DawnJob): Promise<DawnResult> {
    const reply = this.#next();
    this.#child.send(job);
    const result = await reply;
    if ('records' in result) return result;
    throw new Error('error' in result ? result.error : 'Dawn gave no result');
  }

  close(): void {
    if (this.#child.connected) this.#child.disconnect();
  }

  #next(): Promise<DawnReply> {
    return new Promise((resolve, reject) => {
      const child = this.#child;
      const done = (): void => {
        child.off('message', message);
        child.off('exit', exit);
      };
      const message = (reply: unknown): void => {
        done();
        resolve(reply as DawnReply);
      };
      const exit = (code: number | null, signal: string | null): void => {
        done();
        reject(new Error(`the process of Dawn ended (${code ?? signal})`));
      };
      child.on('message', message);
      child.on('exit', exit);
    });
  }
}
