import { layoutLimit } from '@ringkernel/core';
import { type RecordLayout, record } from './structs.ts';

/** A queue of numbers for many producers and consumers (device/rk_queue.h). */
export const queueLayout: RecordLayout = record('RkQueue', [
  ['cells', 'rk_u64*'],
  ['mask', 'u32'],
  ['tail', 'line'],
  ['tail', 'u32'],
  ['head', 'line'],
  ['head', 'u32'],
]);

/** What an instance has besides its state (device/rk_mailbox.h). */
export const mailLayout: RecordLayout = record('RkMail', [
  ['arrivals', 'u32'],
  ['failed', 'u32'],
  ['waiting', 'u32'],
  ['parked', 'u32'],
  ['first', 'u32', 4],
  ['last', 'u32', 4],
  ['passed', 'u32', 4],
  ['parked_first', 'u32'],
  ['parked_last', 'u32'],
  ['draws', 'u32'],
  ['host_taken', 'u32'],
  ['spilled', 'u32'],
  ['life', 'u32'],
  ['physical', 'u64'],
  ['logical', 'u32'],
  ['behind', 'u32'],
]);

/** What a worker keeps from one launch to the next: its clock and its ids; and a node, plus 1, until it leaves. */
export const workerLayout: RecordLayout = record('RkWorker', [
  ['physical', 'u64'],
  ['next_id', 'u64'],
  ['last_id', 'u64'],
  ['logical', 'u32'],
  ['spare', 'u32'],
]);

/** Addresses of a kernel's instances, sorted by base in `RkWorld.ranges`. */
export const rangeLayout: RecordLayout = record('RkRange', [
  ['base', 'u32'],
  ['end', 'u32'],
  ['kernel', 'u32'],
]);

/** A launched kernel. The host writes the first lines while nothing runs. */
export const kernelLayout: RecordLayout = record('RkKernel', [
  ['states', 'rk_u8*'],
  ['before', 'rk_u8*'],
  ['mail', 'RkMail*'],
  ['instance_words', 'rk_u64*'],
  ['counters', 'rk_u64*'],
  ['latency', 'rk_u64*'],
  ['mirror', 'rk_u32*'],
  ['clocks', 'RkWorker*'],
  ['beats', 'rk_u64*'],
  ['scratch', 'rk_u8*'],
  ['base', 'u32'],
  ['instances', 'u32'],
  ['capacity', 'u32'],
  ['policy', 'u32'],
  ['state_bytes', 'u32'],
  ['state_stride', 'u32'],
  ['first_worker', 'u32'],
  ['workers', 'u32'],
  ['dedicated', 'u32'],
  ['holds', 'u32'],
  ['keeps_spares', 'u32'],
  ['tenant', 'u32'],
  ['closed', 'u32'],
  ['gate', 'line'],
  ['gate', 'u32'],
  ['scheduled', 'line'],
  ['scheduled', 'u32'],
  ['resting', 'u32'],
  ['drain_token', 'u32'],
  ['ready', 'line'],
  ['ready', queueLayout],
]);

/** A lane that another thread of the host has, and its ring back (device/rk_lanes.h). */
export const hostLaneLayout: RecordLayout = record('RkHostLane', [
  ['slots', 'rk_u8*'],
  ['ring', 'rk_u8*'],
  ['control', 'rk_u32*'],
  ['head', 'u32'],
  ['ring_tail', 'line'],
  ['ring_tail', 'u32'],
  ['undelivered', 'u32'],
]);

/** What all kernels of a device share. */
export const worldLayout: RecordLayout = record('RkWorld', [
  ['nodes', 'rk_u8*'],
  ['kernels', 'RkKernel*'],
  ['ranges', 'RkRange*'],
  ['host_lanes', 'RkHostLane*'],
  ['control', 'rk_u32*'],
  ['lane', 'rk_u8*'],
  ['ring', 'rk_u8*'],
  ['clock_offset_us', 'u64'],
  ['epoch_us', 'u64'],
  ['id_base', 'u64'],
  ['node_bytes', 'u32'],
  ['node_count', 'u32'],
  ['range_count', 'u32'],
  ['host_lane_count', 'u32'],
  ['lane_mask', 'u32'],
  ['ring_mask', 'u32'],
  ['clock_node', 'u32'],
  ['seed', 'u32'],
  ['lockstep', 'u32'],
  ['round', 'u32'],
  ['transit_first', 'u32'],
  ['transit_last', 'u32'],
  ['lane_head', 'u32'],
  ['activated', 'u32'],
  ['slice_ns', 'u64'],
  ['timeout_ns', 'u64'],
  ['stuck_ms', 'u32'],
  ['handlers', 'u32'],
  ['stop', 'line'],
  ['stop', 'u32'],
  ['starting', 'u32'],
  ['launch', 'u32'],
  ['left', 'line'],
  ['left', 'u32'],
  ['started', 'line'],
  ['started', 'u32'],
  ['inflight', 'line'],
  ['inflight', 'u32'],
  ['ids', 'line'],
  ['ids', 'u64'],
  ['ring_tail', 'line'],
  ['ring_tail', 'u32'],
  ['ring_head', 'line'],
  ['ring_head', 'u32'],
  ['free', 'line'],
  ['free', queueLayout],
]);

/**
 * Words of the control block in host memory: the first line is the host's, the second the device's. The device reads the
 * first four at once.
 */
export const controlWords = {
  command: 0,
  laneTail: 1,
  settleEpoch: 2,
  activateToken: 3,
  ringHead: 4,
  expected: 5,
  activateAt: 6,
  activateKernel: 7,
  laneHead: 32,
  quietEpoch: 33,
  sliceEnded: 34,
  stuck: 35,
  handling: 36,
  handlers: 37,
  started: 38,
  sizeWords: 64,
} as const;

/**
 * Words of the control block of a host lane: the first line is the host's, the second the device's; those of the lane and
 * the ring are where `controlWords` has its own. `owner` is a value of `laneOwner`; `idsLow` and `idsHigh` are how many message
 * ids those who had the lane gave out.
 */
export const hostLaneWords = {
  tail: 1,
  owner: 2,
  generation: 3,
  ringHead: 4,
  idsLow: 5,
  idsHigh: 6,
  head: 32,
  undelivered: 33,
  sizeWords: 64,
} as const;

/** Who has a host lane: nobody, whoever has its port, a thread; nobody any more when the device is closed. */
export const laneOwner = { free: 0, offered: 1, connected: 2, closed: 3 } as const;

/** Most lanes of a device, with that of the thread that opened it: 5 bits of a message's flags. */
export const mostHostLanes = 32;

/** Where in the flags of a message is the number of the host lane that it came by; 0 is the opener's. */
export const laneFlags = { shift: 2, mask: 31 } as const;

/** Values of `controlWords.command` and of `RkWorld.stop`. */
export const command = { run: 0, leave: 1, kill: 2 } as const;

/** What a record of the lane asks for, in its flags: a message, what the dispatcher does, then what an instance does. */
export const laneRequest = {
  message: 0,
  deactivate: 1,
  drain: 2,
  read: 3,
  retire: 4,
  spawn: 5,
} as const;

/** In the flags of a message that came from an actor and was kept by the host because no slot was free. */
export const spilledFlag = 2;

/** What a record of the ring is, in its flags. */
export const ringRecord = {
  emit: 0,
  reply: 1,
  deadLetter: 2,
  fault: 3,
  answer: 4,
  spill: 5,
} as const;

/** A kernel's counters, in the order of core's `counterBlock`, as 64-bit numbers; busy time is in nanoseconds. */
export const counterCount = 24;

/** 64-bit numbers of a latency block: sum, inverted minimum, maximum, then the buckets. */
export const latencyNumbers = { sum: 0, minimum: 1, maximum: 2, buckets: 3 } as const;

/** Most kernels that can live on a device at once: what a device runs side by side. */
export const maxKernels = 120;

/** Site of the fault of a handler that had its time: no module has so many. */
export const overtimeSite = 0xffff_ffff;

const constants: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  RKW: controlWords,
  RKH: hostLaneWords,
  RKC: command,
  RKL: laneRequest,
  RKR: ringRecord,
  RKX: { sources: mostHostLanes, kernels: maxKernels },
  RKN: latencyNumbers,
  RKF: {
    overtime: overtimeSite,
    spilled: spilledFlag,
    laneShift: laneFlags.shift,
    laneMask: laneFlags.mask,
  },
  RKM: {
    counters: counterCount,
    numbers: counterCount + latencyNumbers.buckets + layoutLimit.latencyBuckets,
  },
};

const upper = (name: string): string => name.replace(/[A-Z]/g, (c) => `_${c}`).toUpperCase();

/** NVRTC has no header and no offsetof. */
const offsetText = `#ifdef __CUDACC_RTC__
#define RK_OFFSET(T, field) ((unsigned long)__INTADDR__(&(((T*)0)->field)))
#else
#define RK_OFFSET(T, field) __builtin_offsetof(T, field)
#endif`;

/** The header `rk_layout.h`: all of the above as C. */
export function layoutText(): string {
  const defines = Object.entries(constants).flatMap(([prefix, values]) =>
    Object.entries(values).map(([name, value]) => `#define ${prefix}_${upper(name)} ${value}u`),
  );
  const layouts = [
    queueLayout,
    mailLayout,
    workerLayout,
    rangeLayout,
    kernelLayout,
    hostLaneLayout,
    worldLayout,
  ];
  return [...defines, offsetText, ...layouts.map(({ text }) => text), ''].join('\n');
}
