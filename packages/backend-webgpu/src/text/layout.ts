/** Where things are in the buffers that the host and the WGSL share. All in words of 32 bits. */

/** What an instance has in `rk_control`. */
export const instance = {
  /** Two lists of messages that arrive, the newest first: one for each parity of the round. */
  arrivals: 0,
  /** Last message of the circular list for each priority; its link leads to the first. */
  queues: 2,
  waiting: 6,
  parked: 7,
  parkedCount: 8,
  draws: 9,
  /** Outputs of this round so far. */
  sequence: 10,
  /** 1: it has failed; `absent`: nobody lives there. */
  failed: 11,
  /** The depth that the host was told. */
  told: 12,
  /** Messages that passed each of the priorities 0 to 2, in 10 bits each. */
  passed: 13,
  /** For each parity of the round 1 when the instance is on the list of those that run in it. */
  due: 14,
  words: 16,
} as const;

/**
 * Words of control that a kernel has for each instance: those above for all of them, then for each parity of the round
 * a list of the instances that run in it, in no order.
 */
export const controlWords: number = instance.words + 2;

/** In `failed` of an instance. */
export const absent = 2;

/** Words of a message's header while it is on the device. The last is the link to another message of its list. */
export const header = {
  sequence: 0,
  type: 1,
  bytes: 2,
  packed: 3,
  idLow: 4,
  idHigh: 5,
  correlationLow: 6,
  correlationHigh: 7,
  physicalLow: 8,
  physicalHigh: 9,
  logical: 10,
  node: 11,
  source: 12,
  destination: 13,
  deadline: 14,
  link: 15,
  words: 16,
} as const;

/** Bit of `packed`: the sender takes a reply. */
export const wantsReply = 0x1_0000;

/** In the byte of `packed` for the routers passed: the host sends it in the name of its source. */
export const routedOnce = 0x100;
export const hopsMask = 0xff00;

/** `rk_status`: figures of the device, then a block for each kernel. */
export const status = {
  /** The round that runs, or is next. */
  round: 0,
  /** Bits of `overflow`: nothing runs until the host has made room. */
  halt: 1,
  /** Where the next message will be in `rk_memory`. */
  heap: 2,
  /** Where the next record for the host will be. These four begin anew with each submit. */
  egress: 3,
  /** Rounds that this submit has run. */
  ticks: 4,
  /** 1: there is nothing to do, what else is submitted need not run. */
  quiet: 5,
  /** Instances that ran in one round, at most. */
  busiest: 6,
  overflow: 7,
  /** 1: the round goes on after a halt. */
  resume: 8,
  /** Messages of the host that were taken in, ever. */
  ingested: 9,
  /** Where the messages of the host are that this submit brings; 0 when there was no room for them. */
  incoming: 10,
  words: 16,
} as const;

export const overflow = { heap: 1, egress: 2 } as const;

/** A kernel's block in `rk_status`. Counters wrap; gauges go up and down. */
export const counter = {
  sent: 0,
  handled: 1,
  errors: 2,
  emitted: 3,
  replied: 4,
  bytesIn: 5,
  bytesOut: 6,
  pending: 7,
  parked: 8,
  /** By the index of the reason. */
  deadLettered: 9,
  /** So many words of what is above. */
  counts: 21,
  maxDepth: 21,
  latencySumLow: 22,
  latencySumHigh: 23,
  latencyMin: 24,
  latencyMax: 25,
  /** Instances on the list of each parity of the round. */
  due: 26,
  /** Powers of two of microseconds, each in 4 parts. */
  latency: 32,
  latencyBuckets: 128,
  words: 160,
} as const;

/** Head of a record for the host: like a message's, but for these words. */
export const record = {
  /** Records of a round are handed over by phase, by `first`, then by this. */
  second: 0,
  type: 1,
  bytes: 2,
  /** Priority, then at bit 8 the kind and at bit 16 the reason of a dead letter. */
  packed: 3,
  site: 4,
  value: 5,
  correlationLow: 6,
  correlationHigh: 7,
  phase: 8,
  first: 9,
  round: 10,
  source: 12,
  destination: 13,
  link: 15,
  words: 16,
} as const;

/** In `bytes` of a record: there is no more. */
export const noRecord = 0xffff_ffff;

/** `nothing`: the handler was begun again later. `depth`: messages that rest at an instance, in `value`. */
export const recordKind = {
  nothing: 0,
  send: 1,
  reply: 2,
  emit: 3,
  fault: 4,
  deadLetter: 5,
  depth: 6,
} as const;

export const phase = { arrival: 0, handling: 1, burial: 2, transit: 3 } as const;

/**
 * `rk_directory`: how many kernels there are, then an entry for each, in the order of the addresses: the first address,
 * instances, words of control and counters, tenant.
 */
export const entryWords = 5;

/** What a kernel does in a round: its instances take in what arrives, and handle it. */
export const mode = { stopped: 0, running: 1 } as const;

export const workgroup = 64;
