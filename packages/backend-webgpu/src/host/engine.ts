import {
  bufferUsage,
  type GpuBindGroup,
  type GpuBuffer,
  type GpuDevice,
  type GpuPass,
  type GpuPipeline,
} from '../gpu/api.ts';
import type { GpuMemory } from '../gpu/memory.ts';
import type { Pipelines } from '../gpu/pipelines.ts';
import { deviceWords, paramsWords } from '../text/bindings.ts';
import { status, workgroup } from '../text/layout.ts';
import type { Batch } from './batch.ts';
import type { SharedBuffers } from './buffers.ts';
import type { KernelSlot } from './kernel-slot.ts';
import type { Lane } from './lane.ts';

/** Read back at once of what is large. */
const pieceBytes = 16 << 20;

/** What one submit does. */
export interface Submit {
  /** Messages of the host, taken in before the first round. */
  readonly batch: Batch | null;
  /** Rounds that are dispatched, each for itself. */
  readonly ticks: number;
  /** Instead one dispatch of this kernel runs the submit, as far as it can do so alone. */
  readonly alone: KernelSlot | null;
  /** Rounds at most. */
  readonly rounds: number;
  /** Kernels that take part, in the order of their addresses. */
  readonly kernels: readonly KernelSlot[];
  /** `bury`: each once, without a round; `move`: their messages go to the other half of the heap. */
  readonly pass: 'rounds' | 'bury' | 'move';
  /** Microseconds since 1970 of the first round, and from each to the next. */
  readonly physical: number;
  readonly tickUs: number;
  readonly nowMs: number;
}

/** What a submit left: valid until `release`. */
export interface Outcome {
  readonly lane: Lane;
  readonly status: Uint32Array;
  /** Records for the host. */
  readonly records: Uint32Array;
}

interface Passes {
  readonly begin: GpuPipeline;
  readonly ingress: GpuPipeline;
  readonly turn: GpuPipeline;
  readonly gather: GpuPipeline;
}

/** What differs from kernel to kernel of what is bound. */
type Bound = Pick<KernelSlot, 'params' | 'states'>;

const otherPasses = { bury: 'rk_burial', move: 'rk_move' } as const;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Workgroups of a pass over all instances. */
const all = ({ instances }: KernelSlot): number => Math.ceil(instances / workgroup);

/** Encodes submits and reads back what they leave. */
export class Engine {
  readonly lanes: readonly Lane[];
  /** Why the device is gone: what a submit left is not read any more, since it may be of another one. */
  lost: Error | null = null;
  readonly #device: GpuDevice;
  readonly #memory: GpuMemory;
  readonly #pipelines: Pipelines;
  readonly #shared: SharedBuffers;
  /** Instances that run in a round, as far as the last submit tells. */
  #busiest = 1;
  readonly #nothing: Bound;
  #passes: Passes | null = null;
  readonly #fixed: { readonly budget: number; readonly lockstep: boolean; readonly node: number };

  constructor(
    memory: GpuMemory,
    pipelines: Pipelines,
    shared: SharedBuffers,
    nothing: Bound,
    lanes: readonly Lane[],
    fixed: { readonly budget: number; readonly lockstep: boolean; readonly node: number },
  ) {
    this.#device = memory.device;
    this.#memory = memory;
    this.#pipelines = pipelines;
    this.#shared = shared;
    this.#fixed = fixed;
    this.#nothing = nothing;
    this.lanes = lanes;
  }

  /**
   * Sends it off, and asks for what it leaves after a pause. The lane must be free; a batch of a submit that the device
   * halted is taken up again.
   */
  async start(lane: Lane, submit: Submit, pauseMs = 0): Promise<() => Promise<Outcome>> {
    const statusWords = this.#shared.statusWords;
    const expected = Math.min(lane.expected, this.#shared.egressWords);
    const uploadWords = submit.batch?.uploadWords ?? deviceWords;
    if (!lane.holds(uploadWords, statusWords + expected)) {
      await lane.reserve(uploadWords, statusWords + expected);
    }
    const passes = this.#passes ?? (await this.#load());
    const { pass: kind } = submit;
    const other = kind === 'rounds' ? null : await this.#pipelines.pass(otherPasses[kind]);
    this.#upload(lane, submit);
    const encoder = this.#device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    if (submit.alone !== null) this.#encodeAlone(pass, lane, submit, submit.alone, passes);
    else this.#encode(pass, lane, submit, passes, other);
    pass.end();
    const from = this.#shared.egressStart(lane.index) * 4;
    const { readback } = lane;
    encoder.copyBufferToBuffer(this.#shared.status, 0, readback, 0, statusWords * 4);
    encoder.copyBufferToBuffer(this.#shared.memory, from, readback, statusWords * 4, expected * 4);
    this.#device.queue.submit([encoder.finish()]);
    const bytes = (statusWords + expected) * 4;
    const map = (): Promise<void> => readback.mapAsync(bufferUsage.mapRead, 0, bytes);
    const mapped = pauseMs === 0 ? map() : pause(pauseMs).then(map);
    mapped.catch(() => {}); // whoever waits for it is told
    return () => mapped.then(() => this.#finish(lane, statusWords, expected));
  }

  /** Copies a part of a buffer to the host. */
  async read(buffer: GpuBuffer, offset: number, bytes: number): Promise<Uint8Array> {
    const size = Math.ceil(bytes / 4) * 4;
    const target = await this.#memory.readback(size / 4);
    const encoder = this.#device.createCommandEncoder();
    encoder.copyBufferToBuffer(buffer, offset, target, 0, size);
    this.#device.queue.submit([encoder.finish()]);
    await target.mapAsync(bufferUsage.mapRead);
    const copy = new Uint8Array(target.getMappedRange().slice(0, bytes));
    target.destroy();
    return copy;
  }

  /** The same of a part of any size, piece by piece. */
  async readAll(buffer: GpuBuffer, bytes: number): Promise<Uint8Array> {
    const all = new Uint8Array(bytes);
    for (let at = 0; at < bytes; at += pieceBytes) {
      all.set(await this.read(buffer, at, Math.min(pieceBytes, bytes - at)), at);
    }
    return all;
  }

  write(buffer: GpuBuffer, word: number, ...words: readonly number[]): void {
    this.#device.queue.writeBuffer(buffer, word * 4, Uint32Array.from(words));
  }

  /** One write: what the device is told of the submit, and the messages of the host unless they are there already. */
  #upload(lane: Lane, submit: Submit): void {
    const { batch } = submit;
    const words = this.#deviceWords(lane, submit);
    const fresh = batch !== null && lane.batch !== batch;
    const data = fresh ? batch.upload(words) : Uint32Array.from(words);
    this.#device.queue.writeBuffer(lane.upload, 0, data, 0, data.length);
    if (fresh) lane.batch = batch;
  }

  #deviceWords(lane: Lane, { physical, tickUs, nowMs, batch, alone, rounds }: Submit): number[] {
    const { heapEnd, egressWords, kernels } = this.#shared;
    const start = this.#shared.egressStart(lane.index);
    const { budget, lockstep, node } = this.#fixed;
    const high = Math.floor(physical / 2 ** 32);
    return [
      ...[heapEnd, start + egressWords, physical >>> 0, high, tickUs, nowMs, budget],
      ...[lockstep ? 1 : 0, node, kernels, start],
      ...[batch?.count ?? 0, batch?.messageWords ?? 0, alone === null ? 0 : rounds],
    ];
  }

  async #load(): Promise<Passes> {
    const [begin, ingress, turn, gather] = await Promise.all([
      this.#pipelines.pass('rk_begin'),
      this.#pipelines.pass('rk_ingress'),
      this.#pipelines.pass('rk_turn'),
      this.#pipelines.pass('rk_gather'),
    ]);
    this.#passes = { begin, ingress, turn, gather };
    return this.#passes;
  }

  /** One workgroup takes in the messages and runs rounds with barriers between them. */
  #encodeAlone(
    pass: GpuPass,
    lane: Lane,
    { kernels }: Submit,
    alone: KernelSlot,
    { gather }: Passes,
  ): void {
    this.#encodeGathering(pass, lane, kernels, gather);
    this.#dispatch(pass, lane, alone, alone.pipeline, 1);
  }

  #encode(
    pass: GpuPass,
    lane: Lane,
    submit: Submit,
    passes: Passes,
    other: GpuPipeline | null,
  ): void {
    const { begin, ingress, turn, gather } = passes;
    const messages = submit.batch?.count ?? 0;
    this.#dispatch(pass, lane, null, begin, 1);
    if (messages > 0) this.#dispatch(pass, lane, null, ingress, Math.ceil(messages / workgroup));
    if (other !== null) {
      for (const kernel of submit.kernels) this.#dispatch(pass, lane, kernel, other, all(kernel));
      return;
    }
    this.#encodeGathering(pass, lane, submit.kernels, gather);
    const due = Math.max(this.#busiest, messages);
    for (let i = 0; i < submit.ticks; i++) {
      for (const kernel of submit.kernels) {
        this.#dispatch(pass, lane, kernel, kernel.pipeline, kernel.workgroupsFor(due));
      }
      this.#dispatch(pass, lane, null, turn, 1);
    }
  }

  #encodeGathering(
    pass: GpuPass,
    lane: Lane,
    kernels: readonly KernelSlot[],
    gather: GpuPipeline,
  ): void {
    for (const kernel of kernels) {
      if (kernel.gathers) this.#dispatch(pass, lane, kernel, gather, all(kernel));
      kernel.gathers = false;
    }
  }

  #dispatch(
    pass: GpuPass,
    lane: Lane,
    kernel: KernelSlot | null,
    pipeline: GpuPipeline,
    groups: number,
  ): void {
    pass.setBindGroup(0, this.#groupOf(lane, kernel ?? this.#nothing));
    pass.setPipeline(pipeline);
    pass.dispatchWorkgroups(groups);
  }

  /** What a lane and a kernel, or nothing in its place, have bound. */
  #groupOf(lane: Lane, { params, states }: Bound): GpuBindGroup {
    const generation = this.#shared.generation + lane.generation;
    const known = lane.groups.get(params);
    if (known?.generation === generation) return known.group;
    const { control, memory, directory, status: figures } = this.#shared;
    const group = this.#pipelines.bind(
      [params, lane.upload, control, memory, directory, figures, states, lane.upload],
      [paramsWords * 4, deviceWords * 4],
    );
    lane.groups.set(params, { group, generation });
    return group;
  }

  async #finish(lane: Lane, statusWords: number, expected: number): Promise<Outcome> {
    if (this.lost !== null) throw this.lost;
    const bytes = (statusWords + expected) * 4;
    // A copy: what the host does with a record may submit again, which needs the buffer.
    const words = new Uint32Array(lane.readback.getMappedRange(0, bytes).slice(0));
    lane.readback.unmap();
    const figures = words.subarray(0, statusWords);
    this.#busiest = figures[status.busiest] as number;
    const used = (figures[status.egress] as number) - this.#shared.egressStart(lane.index);
    const there = Math.min(used, this.#shared.egressWords);
    lane.expected = Math.max(1024, Math.ceil(Math.max(there * 1.25, lane.expected * 0.9)));
    if (there <= expected)
      return { lane, status: figures, records: words.subarray(statusWords, statusWords + there) };
    const start = this.#shared.egressStart(lane.index) * 4;
    const rest = await this.read(this.#shared.memory, start, there * 4);
    return { lane, status: figures, records: new Uint32Array(rest.buffer) };
  }
}
