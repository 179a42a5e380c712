import { noRoom, type WgslForm } from '../wgsl/index.ts';

/**
 * The engine that the fuzzer runs WGSL with: one round, in which each instance handles the messages delivered to it
 * and records what it does. `rk_memory` has the messages first, then room for the records of each instance.
 */
export const controlWords = 8;
export const control = {
  /** Index into the deliveries of the first message, and how many there are. */
  first: 0,
  count: 1,
  draws: 2,
  /** Words of records that were written. */
  used: 3,
  /** Not 0: there was no room for some records, which are lost. */
  overflow: 4,
} as const;

/**
 * A record: kind, two words of head, and the payload of an output.
 *
 * | kind | word 1 | word 2 | word 3 |
 * | --- | --- | --- | --- |
 * | output | type id | destination | priority |
 * | fault | site | value | 0 |
 * | handled | 1, or 0 when there is no handler for the type | 0 | 0 |
 */
export const recordWords = 4;
export const recordKind = { send: 1, reply: 2, emit: 3, fault: 4, handled: 5 } as const;

const head = (
  word: string,
): string => `struct RkParams { instances: u32, base_address: u32, seed: u32, records: u32, record_words: u32 }
@group(0) @binding(0) var<uniform> rk_params: RkParams;
@group(0) @binding(1) var<storage, read_write> rk_control: array<u32>;
@group(0) @binding(2) var<storage, read> rk_deliveries: array<u32>;
@group(0) @binding(3) var<storage, read_write> rk_memory: array<u32>;
@group(0) @binding(4) var<storage, read_write> rk_states: array<${word}>;
var<private> rk_self: u32;
var<private> rk_state: u32;
var<private> rk_message: u32;
var<private> rk_draws: u32;
var<private> rk_faulted: bool;

fn rk_open(kind: u32, a: u32, b: u32, c: u32, bytes: u32) -> u32 {
  let words = (bytes + 3u) / 4u;
  let at = rk_self * ${controlWords}u;
  let used = rk_control[at + ${control.used}u];
  if (words + ${recordWords}u > rk_params.record_words - used) {
    rk_control[at + ${control.overflow}u] = 1u;
    return ${noRoom}u;
  }
  rk_control[at + ${control.used}u] = used + words + ${recordWords}u;
  let record = rk_params.records + rk_self * rk_params.record_words + used;
  rk_memory[record] = kind;
  rk_memory[record + 1u] = a;
  rk_memory[record + 2u] = b;
  rk_memory[record + 3u] = c;
  for (var i = 0u; i < words; i++) { rk_memory[record + ${recordWords}u + i] = 0u; }
  return record + ${recordWords}u;
}

fn rk_fault(site: u32, value: u32) {
  if (rk_faulted) { return; }
  rk_faulted = true;
  let record = rk_open(${recordKind.fault}u, site, value, 0u, 0u);
}
`;

const round = `@compute @workgroup_size(64)
fn rk_round(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= rk_params.instances) { return; }
  rk_self = id.x;
  rk_state = rk_self * rk_state_words;
  let first = rk_control[rk_self * ${controlWords}u + ${control.first}u];
  let count = rk_control[rk_self * ${controlWords}u + ${control.count}u];
  for (var i = 0u; i < count; i++) {
    rk_faulted = false;
    rk_message = rk_deliveries[first + i] + 16u;
    let handled = rk_handle(rk_memory[rk_message - 15u]);
    let record = rk_open(${recordKind.handled}u, u32(handled), 0u, 0u, 0u);
  }
  rk_control[rk_self * ${controlWords}u + ${control.draws}u] = rk_draws;
}
`;

/** The same for 64 invocations: lane 0 is the engine, the others come along for the handlers. */
const roundTogether = `var<workgroup> rk_next: u32;

@compute @workgroup_size(64)
fn rk_round(@builtin(workgroup_id) id: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  if (id.x >= rk_params.instances) { return; }
  rk_lane = lane;
  rk_self = id.x;
  rk_state = rk_self * rk_state_words;
  let first = rk_control[rk_self * ${controlWords}u + ${control.first}u];
  if (lane == 0u) { rk_next = rk_control[rk_self * ${controlWords}u + ${control.count}u]; }
  let count = workgroupUniformLoad(&rk_next);
  for (var i = 0u; i < count; i++) {
    rk_faulted = false;
    rk_message = rk_deliveries[first + i] + 16u;
    if (lane == 0u) { rk_next = rk_memory[rk_message - 15u]; }
    let handled = rk_handle(workgroupUniformLoad(&rk_next));
    if (lane == 0u) { let record = rk_open(${recordKind.handled}u, u32(handled), 0u, 0u, 0u); }
  }
  if (lane == 0u) { rk_control[rk_self * ${controlWords}u + ${control.draws}u] = rk_draws; }
}
`;

/** The whole text of a program. */
export function withEngine(program: string, form: WgslForm = 'thread'): string {
  if (form === 'thread') return `${head('u32')}\n${program}\n${round}`;
  return `${head('atomic<u32>')}\n${program}\n${roundTogether}`;
}
