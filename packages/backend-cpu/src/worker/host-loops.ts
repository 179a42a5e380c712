import type { HostKernelStart } from '../control/messages.ts';
import type { Engine } from './engine.ts';
import { HostLoop, type Loop, type LoopThread } from './host-loop.ts';
import { loopFlag, type WorkerKernel } from './kernel.ts';
import { loadLoop } from './load-loop.ts';

/** The loops of all host-only kernels on one worker. */
export class HostLoops {
  /** Loops that run; the thread gives its event loop turns as long as there are any. */
  live = 0;
  /** Programs that are being imported. */
  loading = 0;
  readonly #thread: number;
  readonly #programs: Map<WorkerKernel, Loop> = new Map();
  readonly #onEnd: Map<WorkerKernel, () => void> = new Map();
  readonly #context: LoopThread;

  constructor(thread: number, engine: Engine, stir: () => void) {
    this.#thread = thread;
    this.#context = { engine, stir, ended: (loop) => this.#ended(loop) };
  }

  /** Loads a kernel's program; null where no instance of it lives. */
  load(kernel: WorkerKernel, start: HostKernelStart): Promise<void> | null {
    for (let i = 0; i < kernel.instances; i++) {
      if (kernel.owners[i >>> kernel.shift] !== this.#thread) continue;
      kernel.flags[i] = loopFlag;
      kernel.loops.set(i, new HostLoop(kernel, i, start, this.#context));
    }
    return kernel.loops.size === 0 ? null : this.#load(kernel, start);
  }

  async #load(kernel: WorkerKernel, start: HostKernelStart): Promise<void> {
    this.loading++;
    try {
      this.#programs.set(kernel, await loadLoop(start.program, kernel.name));
    } finally {
      this.loading--;
      this.#context.stir();
    }
  }

  /** Starts the loops of a kernel, or lets them go on. */
  activate(kernel: WorkerKernel): void {
    const program = this.#programs.get(kernel);
    if (program === undefined) return;
    for (const loop of kernel.loops.values()) {
      this.#begin(loop, program);
      loop.wake();
    }
  }

  #begin(loop: HostLoop, program: Loop): void {
    if (!loop.begun) this.live++;
    loop.begin(program);
  }

  /** Begins the loop of an instance anew, where there is one. One that still runs can't be told to stop. */
  restart(kernel: WorkerKernel, instance: number): void {
    const loop = kernel.loops.get(instance);
    if (loop === undefined) return;
    if (loop.live) throw new Error('the loop of a host-only instance still runs');
    loop.begun = false;
    const program = this.#programs.get(kernel);
    if (!kernel.paused && program !== undefined) this.#begin(loop, program);
  }

  /** The state of the kernel has changed. */
  wake(kernel: WorkerKernel): void {
    for (const loop of kernel.loops.values()) loop.wake();
  }

  /** Calls back when no loop of the kernel runs any more. */
  whenEnded(kernel: WorkerKernel, then: () => void): void {
    if (this.#running(kernel)) this.#onEnd.set(kernel, then);
    else then();
  }

  #running(kernel: WorkerKernel): boolean {
    return [...kernel.loops.values()].some((loop) => loop.live);
  }

  #ended({ kernel }: HostLoop): void {
    this.live--;
    if (!this.#running(kernel)) this.#onEnd.get(kernel)?.();
    this.#context.stir();
  }
}
