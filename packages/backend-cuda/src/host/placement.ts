import {
  hostLaneLayout,
  hostLaneWords,
  kernelLayout,
  maxKernels,
  rangeLayout,
  worldLayout,
} from '../layout/device.ts';
import type { CudaOptions } from '../options.ts';

const up = (value: number): number => Math.ceil(value / 256) * 256;

/** Where everything is in the one block of device memory that all kernels share. */
export interface WorldPlacement {
  readonly kernels: number;
  readonly ranges: number;
  readonly freeCells: number;
  readonly hostLanes: number;
  readonly nodes: number;
  readonly sizeBytes: number;
  /** Bytes of a message with its header. */
  readonly nodeBytes: number;
}

export function placeWorld(options: CudaOptions): WorldPlacement {
  const nodeBytes = 64 + options.maxPayloadBytes;
  const kernels = up(worldLayout.sizeBytes);
  const ranges = up(kernels + maxKernels * kernelLayout.sizeBytes);
  const freeCells = up(ranges + maxKernels * rangeLayout.sizeBytes);
  const hostLanes = up(freeCells + options.messageSlots * 8);
  const nodes = up(hostLanes + options.hostLanes * hostLaneLayout.sizeBytes);
  const sizeBytes = nodes + options.messageSlots * nodeBytes;
  const placed = { kernels, ranges, freeCells, hostLanes, nodes, sizeBytes };
  return { ...placed, nodeBytes };
}

/** Cells of a queue that holds each of the numbers below `count`, all of `full` or none. */
export function queueCells(size: number, count: number): Uint8Array {
  const words = new Uint32Array(size * 2);
  for (let i = 0; i < size; i++) {
    words[2 * i] = i < count ? i : 0;
    words[2 * i + 1] = i < count ? i + 1 : i; // the lap
  }
  return new Uint8Array(words.buffer);
}

const controlBytes = hostLaneWords.sizeWords * 4;

/** Memory of a lane and its ring: the control block, then the slots of one, then those of the other. */
export function laneBytes(capacity: number, slotBytes: number): number {
  return controlBytes + 2 * capacity * slotBytes;
}

/** Where the parts of a lane are, when it begins there. */
export function laneAddresses(
  at: bigint,
  capacity: number,
  slotBytes: number,
): { readonly control: bigint; readonly slots: bigint; readonly ring: bigint } {
  const slots = at + BigInt(controlBytes);
  return { control: at, slots, ring: slots + BigInt(capacity * slotBytes) };
}
