import { createRuntime, type Runtime, type RuntimeOptions } from '@ringkernel/runtime';
import type { CaseContext } from './case.ts';

/** How long a case waits for what must come, milliseconds: software devices on a busy machine are slow. */
const patienceMs = 50_000;
const pollMs = 5;

/** What a case works with: runtimes on the backend under test, and ways to say what must be. */
export class Bench {
  readonly equal: CaseContext['equal'];
  readonly ok: CaseContext['ok'];
  readonly #context: CaseContext;
  readonly #runtimes: Runtime[] = [];

  constructor(context: CaseContext) {
    this.#context = context;
    this.equal = context.equal;
    this.ok = context.ok;
  }

  /** A runtime on the backend; each has a node id of its own, from 1. */
  async runtime(options: Omit<RuntimeOptions, 'backend' | 'device'> = {}): Promise<Runtime> {
    const { factory, device } = this.#context;
    const { deviceId, backendOptions } = device;
    const runtime = await createRuntime({
      backend: factory,
      nodeId: this.#runtimes.length + 1,
      ...(deviceId !== undefined && { device: deviceId }),
      ...(backendOptions !== undefined && { backendOptions }),
      ...options,
    });
    this.#runtimes.push(runtime);
    return runtime;
  }

  /** Waits until the condition holds; a case that waits in vain fails. */
  async until(what: string, condition: () => boolean): Promise<void> {
    const endMs = performance.now() + patienceMs;
    while (!condition()) {
      if (performance.now() > endMs) this.ok(false, `${what}: not after ${patienceMs} ms`);
      await new Promise((resolve) => setTimeout(resolve, pollMs));
    }
  }

  /** What was sent is somewhere, and counted once. */
  async expectNothingLost(): Promise<void> {
    for (const runtime of this.#runtimes) {
      await runtime.settled();
      const { sent, handled, rejected, deadLettered, pending } = runtime.summary().counts;
      this.equal(
        handled + rejected + deadLettered + pending,
        sent,
        'messages, by what they became',
      );
    }
  }

  async close(): Promise<void> {
    for (const runtime of this.#runtimes) await runtime.close({ timeoutMs: 1_000 });
  }
}
