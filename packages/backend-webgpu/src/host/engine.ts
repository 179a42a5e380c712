import {
  bufferUsage,
  type GpuBuffer,
  type GpuDevice,
  type GpuPass,
  type GpuPipeline,
} from '../gpu/api.ts';
import type { GpuMemory } from '../gpu/memory.ts';
import type { Pipelines } from '../gpu/pipelines.ts';
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
  readonly ticks: number;
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
  readonly gather: GpuPipeline | null;
  readonly ingress: GpuPipeline | null;
  readonly turn: GpuPipeline;
  /** Instead of the kernels' own. */
  readonly other: GpuPipeline | null;
}

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
  readonly #nothing: { readonly params: GpuBuffer; readonly words: GpuBuffer };
  readonly #fixed: { readonly budget: number; readonly lockstep: boolean; readonly node: number };

  constructor(
    memory: GpuMemory,
    pipelines: Pipelines,
    shared: SharedBuffers,
    nothing: { readonly params: GpuBuffer; readonly words: GpuBuffer },
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

  /** Sends it off. The lane must be free; a batch of a submit that the device halted is taken up again. */
  async start(lane: Lane, submit: Submit): Promise<() => Promise<Outcome>> {
    const { batch } = submit;
    const statusWords = this.#shared.statusWords;
    const expected = Math.min(lane.expected, this.#shared.egressWords);
    const words = batch === null ? 4 : 1 + batch.count + batch.messages.length;
    await lane.reserve(words, statusWords + expected);
    if (batch !== null && lane.batch !== batch) this.#upload(lane, batch);
    if (batch !== null) lane.batch = batch;
    const passes = await this.#passes(submit);
    this.#begin(lane, submit);
    const encoder = this.#device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    this.#encode(pass, lane, submit, passes);
    pass.end();
    const from = this.#shared.egressStart(lane.index) * 4;
    const { readback } = lane;
    encoder.copyBufferToBuffer(this.#shared.status, 0, readback, 0, statusWords * 4);
    encoder.copyBufferToBuffer(this.#shared.memory, from, readback, statusWords * 4, expected * 4);
    this.#device.queue.submit([encoder.finish()]);
    const bytes = (statusWords + expected) * 4;
    const mapped = readback.mapAsync(bufferUsage.mapRead, 0, bytes);
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

  #upload(lane: Lane, batch: Batch): void {
    const { queue } = this.#device;
    const { places, messages } = batch;
    queue.writeBuffer(lane.batchBuffer, 0, Uint32Array.of(batch.count));
    queue.writeBuffer(lane.batchBuffer, 4, places, 0, places.length);
    queue.writeBuffer(lane.batchBuffer, 4 + 4 * batch.count, messages, 0, messages.length);
  }

  #begin(lane: Lane, { physical, tickUs, nowMs }: Submit): void {
    const shared = this.#shared;
    const start = shared.egressStart(lane.index);
    this.write(shared.status, status.egress, start, 0, 0, 0);
    const { budget, lockstep, node } = this.#fixed;
    const { kernels } = shared;
    const high = Math.floor(physical / 2 ** 32);
    const end = start + shared.egressWords;
    this.write(
      lane.device,
      0,
      ...[
        shared.heapEnd,
        end,
        physical >>> 0,
        high,
        tickUs,
        nowMs,
        budget,
        lockstep ? 1 : 0,
        node,
        kernels,
      ],
    );
  }

  async #passes({ batch, pass, kernels }: Submit): Promise<Passes> {
    const gathers = pass === 'rounds' && kernels.some((kernel) => kernel.gathers);
    const [gather, ingress, turn, other] = await Promise.all([
      gathers ? this.#pipelines.pass('rk_gather') : null,
      batch === null ? null : this.#pipelines.pass('rk_ingress'),
      this.#pipelines.pass('rk_turn'),
      pass === 'rounds' ? null : this.#pipelines.pass(pass === 'bury' ? 'rk_burial' : 'rk_move'),
    ]);
    return { gather, ingress, turn, other };
  }

  #encode(pass: GpuPass, lane: Lane, submit: Submit, passes: Passes): void {
    const { gather, ingress, turn, other } = passes;
    const own = this.#groupOf(lane);
    if (ingress !== null) {
      pass.setBindGroup(0, own);
      pass.setPipeline(ingress);
      pass.dispatchWorkgroups(Math.ceil((submit.batch?.count ?? 0) / workgroup));
    }
    const all = ({ instances }: KernelSlot): number => Math.ceil(instances / workgroup);
    if (gather !== null) {
      for (const kernel of submit.kernels) {
        if (kernel.gathers) this.#dispatch(pass, lane, kernel, gather, all(kernel));
        kernel.gathers = false;
      }
    }
    const due = Math.max(this.#busiest, submit.batch?.count ?? 0);
    for (let i = 0; i < submit.ticks; i++) {
      for (const kernel of submit.kernels) {
        if (other !== null) this.#dispatch(pass, lane, kernel, other, all(kernel));
        else this.#dispatch(pass, lane, kernel, kernel.pipeline, kernel.workgroupsFor(due));
      }
      if (other !== null) continue;
      pass.setBindGroup(0, own);
      pass.setPipeline(turn);
      pass.dispatchWorkgroups(1);
    }
  }

  #dispatch(
    pass: GpuPass,
    lane: Lane,
    kernel: KernelSlot,
    pipeline: GpuPipeline,
    groups: number,
  ): void {
    pass.setBindGroup(0, this.#kernelGroup(kernel, lane));
    pass.setPipeline(pipeline);
    pass.dispatchWorkgroups(groups);
  }

  #groupOf(lane: Lane) {
    const { generation } = this.#shared;
    if (lane.group === null || lane.generation !== generation) {
      lane.group = this.#bind(lane, this.#nothing.params, lane.batchBuffer);
      lane.generation = generation;
    }
    return lane.group;
  }

  #kernelGroup(kernel: KernelSlot, lane: Lane) {
    const { generation } = this.#shared;
    if (kernel.generation !== generation) {
      kernel.groups = this.lanes.map((each) => this.#bind(each, kernel.params, kernel.states));
      kernel.generation = generation;
    }
    const group = kernel.groups[lane.index];
    if (group === undefined) throw new RangeError(`there is no lane ${lane.index}`);
    return group;
  }

  #bind(lane: Lane, params: GpuBuffer, last: GpuBuffer) {
    const { control, memory, directory, status: figures } = this.#shared;
    return this.#pipelines.bind([params, lane.device, control, memory, directory, figures, last]);
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
