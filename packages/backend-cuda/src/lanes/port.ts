import type { LanePort } from '@ringkernel/core';

/**
 * A lane to a device, as data: it can be sent to another thread of the process with `postMessage` or as `workerData`, and
 * `connectHostLane` makes it work there.
 */
export interface HostLanePort extends LanePort {
  readonly kind: 'ringkernel-cuda-host-lane';
  /** The control block, the slots of the lane, the slots of its ring. */
  readonly memory: SharedArrayBuffer;
  /** From 1: in the flags of each message. */
  readonly number: number;
  /** How often the lane was given back before: replies to whoever had it before are not taken for one's own. */
  readonly generation: number;
  /** Slots each way. */
  readonly capacity: number;
  readonly slotBytes: number;
  readonly nodeId: number;
  /** Milliseconds since the Unix epoch from which deadlines count. */
  readonly epochMs: number;
  /** How long the thread polls in each turn of its event loop before it only looks every millisecond. */
  readonly hotUs: number;
}
