import { AsyncLocalStorage } from 'node:async_hooks';
import type { HostKernelStart } from '../control/messages.ts';
import type { Handling } from './handling.ts';
import { HostLoop, type Loop, type LoopThread } from './host-loop.ts';
import { absentFlag, failedFlag, loopFlag, type WorkerKernel } from './kernel.ts';
import { loadLoop } from './load-loop.ts';

/** The loops of all host-only kernels on one worker. */
export class HostLoops {
  /** Loops that run; the thread gives its event loop turns as long as there are any. */
  live = 0;
  /** Programs that are being imported. */
  loading = 0;
  #guarded = false;
  readonly #thread: number;
  readonly #programs: Map<WorkerKernel, Loop> = new Map();
  /** The loop that everything asynchronous in this thread was begun by. */
  readonly #running: AsyncLocalStorage<HostLoop> = new AsyncLocalStorage();
  readonly #onEnd: Map<WorkerKernel, () => void> = new Map();
  readonly #context: LoopThread;

  constructor(thread: number, handling: Handling, stir: () => void) {
    this.#thread = thread;
    this.#context = {
      handling,
      stir,
      within: (loop, call) => this.#running.run(loop, call),
      ended: (loop) => this.#ended(loop),
    };
  }

  /** Loads a kernel's program; null where no instance of it lives. */
  load(kernel: WorkerKernel, start: HostKernelStart): Promise<void> | null {
    for (let i = 0; i < kernel.instances; i++) {
      if (kernel.owners[i >>> kernel.shift] !== this.#thread) continue;
      kernel.flags[i] = (kernel.flags[i] as number) | loopFlag;
      kernel.loops.set(i, new HostLoop(kernel, i, start, this.#context));
    }
    return kernel.loops.size === 0 ? null : this.#load(kernel, start);
  }

  async #load(kernel: WorkerKernel, start: HostKernelStart): Promise<void> {
    if (!this.#guarded) this.#guard();
    this.loading++;
    try {
      this.#programs.set(kernel, await loadLoop(start.program, kernel.name));
      if (!kernel.paused) this.activate(kernel); // a thread that takes over hears of both at once
    } finally {
      this.loading--;
      this.#context.stir();
    }
  }

  /** Starts the loops of a kernel, or lets them go on. */
  activate(kernel: WorkerKernel): void {
    const program = this.#programs.get(kernel);
    if (program === undefined) return;
    for (const [instance, loop] of kernel.loops) {
      const rests = ((kernel.flags[instance] as number) & (failedFlag | absentFlag)) !== 0;
      if (!rests) this.#begin(loop, program); // else a restart begins it
      loop.wake();
    }
  }

  #begin(loop: HostLoop, program: Loop): void {
    if (!loop.begun) this.live++;
    loop.begin(program);
  }

  /** Begins the loop of an instance anew, where there is one. What is left of the old one can do nothing more. */
  restart(kernel: WorkerKernel, instance: number): void {
    const old = kernel.loops.get(instance);
    if (old === undefined) return;
    const loop = old.successor();
    kernel.loops.set(instance, loop);
    const program = this.#programs.get(kernel);
    if (!kernel.paused && program !== undefined) this.#begin(loop, program);
  }

  /** The instance begins: messages go to its loop. */
  spawn(kernel: WorkerKernel, instance: number): void {
    if (!kernel.loops.has(instance)) return;
    kernel.flags[instance] = loopFlag;
    this.restart(kernel, instance);
  }

  /** The instance ends: what is left of its loop can do nothing more. */
  retire(kernel: WorkerKernel, instance: number): void {
    const loop = kernel.loops.get(instance);
    if (loop !== undefined) kernel.loops.set(instance, loop.successor());
  }

  /** The state of the kernel has changed. */
  wake(kernel: WorkerKernel): void {
    for (const loop of kernel.loops.values()) loop.wake();
  }

  /** Calls back when no loop of the kernel runs any more; then nothing is known of it. */
  whenEnded(kernel: WorkerKernel, then: () => void): void {
    const end = (): void => {
      this.#programs.delete(kernel);
      this.#onEnd.delete(kernel);
      then();
    };
    if (this.#anyLive(kernel)) this.#onEnd.set(kernel, end);
    else end();
  }

  /** What goes wrong in the thread outside of any `await` of a loop fails that loop's instance, and nothing else. */
  #guard(): void {
    this.#guarded = true;
    const blame = (error: unknown): void => {
      if (!this.#blame(error)) throw error; // nobody's: the thread ends, as any would
    };
    process.on('uncaughtException', blame);
    process.on('unhandledRejection', blame);
    const exit = process.exit.bind(process);
    process.exit = (code) => {
      const error = new Error(`process.exit(${code ?? ''}) in a host-only actor`);
      if (this.#running.getStore() === undefined) return exit(code);
      this.#blame(error);
      throw error; // it must not return to the loop
    };
  }

  #blame(error: unknown): boolean {
    const loop = this.#running.getStore();
    if (loop === undefined) return false;
    // What is left of a loop that has failed may go on failing: its instance can't.
    if (!loop.crash(error)) process.emitWarning(error instanceof Error ? error : String(error));
    return true;
  }

  #anyLive(kernel: WorkerKernel): boolean {
    return [...kernel.loops.values()].some((loop) => loop.live);
  }

  #ended({ kernel }: HostLoop): void {
    this.live--;
    if (!this.#anyLive(kernel)) this.#onEnd.get(kernel)?.();
    this.#context.stir();
  }
}
