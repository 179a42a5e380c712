import type { GpuBindGroup, GpuBuffer, GpuPipeline } from '../gpu/api.ts';
import { paramsWords } from '../text/bindings.ts';
import { mode } from '../text/layout.ts';

/** What the device runs of a kernel. */
export class KernelSlot {
  readonly pipeline: GpuPipeline;
  readonly params: GpuBuffer;
  readonly states: GpuBuffer;
  readonly instances: number;
  /** In a dispatch of a round. */
  readonly workgroups: number;
  readonly control: number;
  readonly counters: number;
  readonly words: Uint32Array<ArrayBuffer> = new Uint32Array(paramsWords);
  /** One for each lane: they differ in what is the lane's own. */
  groups: GpuBindGroup[] = [];
  generation = -1;

  constructor(
    pipeline: GpuPipeline,
    params: GpuBuffer,
    states: GpuBuffer,
    words: {
      readonly instances: number;
      readonly workgroups: number;
      readonly control: number;
      readonly counters: number;
    } & {
      readonly baseAddress: number;
      readonly seed: number;
      readonly capacity: number;
      readonly policy: number;
      readonly holds: boolean;
      readonly rollback: boolean;
    },
  ) {
    this.pipeline = pipeline;
    this.params = params;
    this.states = states;
    this.instances = words.instances;
    this.workgroups = words.workgroups;
    this.control = words.control;
    this.counters = words.counters;
    this.words.set([words.instances, words.baseAddress, words.seed, words.control]);
    this.words.set([words.counters, words.capacity, words.policy, mode.stopped], 4);
    this.words[8] = words.holds ? 1 : 0;
    this.words[9] = words.rollback ? 1 : 0;
  }

  get mode(): number {
    return this.words[7] as number;
  }

  set mode(value: number) {
    this.words[7] = value;
  }
}
