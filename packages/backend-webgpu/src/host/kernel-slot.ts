import type { GpuBuffer, GpuPipeline } from '../gpu/api.ts';
import { paramsWords } from '../text/bindings.ts';
import { controlWords, mode } from '../text/layout.ts';

/** Workgroups in the dispatch of a round, and instances that one of them runs side by side. */
export interface Workgroups {
  /** Instances that a workgroup may run in a round when it runs a submit alone; 0: it can't. */
  readonly few: number;
  readonly instances: number;
  readonly least: number;
  readonly most: number;
}

/** What the device runs of a kernel. */
export class KernelSlot {
  readonly pipeline: GpuPipeline;
  readonly params: GpuBuffer;
  readonly states: GpuBuffer;
  readonly instances: number;
  readonly control: number;
  readonly counters: number;
  readonly words: Uint32Array<ArrayBuffer> = new Uint32Array(paramsWords);
  readonly #workgroups: Workgroups;
  /** Messages may rest at instances that are on no list: they are gathered before the next round. */
  gathers = false;
  #readers = 0;
  #ended = false;

  constructor(
    pipeline: GpuPipeline,
    params: GpuBuffer,
    states: GpuBuffer,
    words: {
      readonly instances: number;
      readonly workgroups: Workgroups;
      readonly control: number;
      readonly counters: number;
    } & {
      readonly baseAddress: number;
      readonly seed: number;
      readonly capacity: number;
      readonly policy: number;
      readonly holds: boolean;
      readonly rollback: boolean;
      readonly tenant: number;
    },
  ) {
    this.pipeline = pipeline;
    this.params = params;
    this.states = states;
    this.instances = words.instances;
    this.#workgroups = words.workgroups;
    this.control = words.control;
    this.counters = words.counters;
    this.words.set([words.instances, words.baseAddress, words.seed, words.control]);
    this.words.set([words.counters, words.capacity, words.policy, mode.stopped], 4);
    this.words[8] = words.holds ? 1 : 0;
    this.words[9] = words.rollback ? 1 : 0;
    this.words[10] = words.tenant;
  }

  /** For a round in which about so many instances run: others take turns with them. */
  workgroupsFor(due: number): number {
    const { instances, least, most } = this.#workgroups;
    const all = Math.ceil(this.instances / instances);
    return Math.min(all, most, Math.max(least, Math.ceil(due / instances)));
  }

  /** Whom a burial is for: an instance's index from 1, or 0 for all. */
  set buried(value: number) {
    this.words[11] = value;
  }

  /** Instances that a dispatch may run in a round when it runs a submit alone; 0: it can't. */
  get few(): number {
    return this.#workgroups.few;
  }

  get mode(): number {
    return this.words[7] as number;
  }

  set mode(value: number) {
    this.words[7] = value;
  }

  /** The states stay until this copy of them is there. */
  async reading<T>(copy: Promise<T>): Promise<T> {
    this.#readers++;
    try {
      return await copy;
    } finally {
      this.#readers--;
      this.#free();
    }
  }

  /** The kernel has ended: its memory is given back at once, and not when its handle is collected. */
  release(): void {
    this.#ended = true;
    this.params.destroy();
    this.#free();
  }

  get sizeBytes(): number {
    return this.#ended ? 0 : this.states.size + this.instances * controlWords * 4;
  }

  #free(): void {
    if (this.#ended && this.#readers === 0) this.states.destroy();
  }
}
