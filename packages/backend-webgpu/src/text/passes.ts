import { counter, header, instance, overflow, phase, status, workgroup } from './layout.ts';
import { reasonCode } from './output.ts';

/** Between two rounds: the next one begins, or the device halts until the host has made room. */
export const turn: string = `@compute @workgroup_size(1)
fn rk_turn() {
  if (atomicLoad(&rk_status[${status.halt}u]) != 0u || atomicLoad(&rk_status[${status.quiet}u]) != 0u) { return; }
  atomicAdd(&rk_status[${status.ticks}u], 1u);
  let over = atomicExchange(&rk_status[${status.overflow}u], 0u);
  if (over != 0u) {
    atomicStore(&rk_status[${status.halt}u], over);
    atomicStore(&rk_status[${status.resume}u], 1u);
    return;
  }
  let round = atomicAdd(&rk_status[${status.round}u], 1u);
  atomicStore(&rk_status[${status.resume}u], 0u);
  var due = 0u;
  var ran = 0u;
  for (var k = 0u; k < rk_device.kernels; k++) {
    let lists = ${status.words + counter.due}u + k * ${counter.words}u;
    ran = ran + atomicExchange(&rk_status[lists + (round & 1u)], 0u);
    due = due + atomicLoad(&rk_status[lists + ((round + 1u) & 1u)]);
  }
  atomicMax(&rk_status[${status.busiest}u], ran);
  if (due == 0u && rk_device.lockstep == 0u) { atomicStore(&rk_status[${status.quiet}u], 1u); }
}
`;

/** Puts the instances of a kernel where messages rest on the list of those that run in the next round. */
export const gather: string = `@compute @workgroup_size(${workgroup})
fn rk_gather(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= rk_params.instances) { return; }
  let own = rk_params.control + id.x * ${instance.words}u;
  if (rk_get(own + ${instance.waiting}u) + rk_get(own + ${instance.parkedCount}u) == 0u) { return; }
  let parity = atomicLoad(&rk_status[${status.round}u]) & 1u;
  rk_make_due(id.x, rk_params.control, rk_params.instances, rk_params.counters, parity);
}
`;

/** Takes in what the host sent, one invocation for each message: `rk_batch` has their number, the
 * place of each (from 1) behind these words, 0 when it was taken in already, and the messages. */
export const ingress: string = `@group(0) @binding(6) var<storage, read_write> rk_batch: array<u32>;

@compute @workgroup_size(${workgroup})
fn rk_ingress(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= rk_batch[0]) { return; }
  if (atomicLoad(&rk_status[${status.halt}u]) != 0u) { return; }
  let place = rk_batch[1u + id.x];
  if (place == 0u) { return; }
  let start = place + rk_batch[0];
  let words = ${header.words}u + (rk_batch[start + ${header.bytes}u] + 3u) / 4u;
  let at = rk_room(words, rk_heap);
  if (at == rk_none) {
    atomicOr(&rk_status[${status.halt}u], ${overflow.heap}u);
    return;
  }
  for (var i = 0u; i < words; i++) { rk_memory[at + i] = rk_batch[start + i]; }
  let page = rk_page(rk_memory[at + ${header.destination}u]);
  rk_send_to(page, atomicLoad(&rk_status[${status.round}u]) & 1u, at);
  rk_batch[1u + id.x] = 0u;
  atomicAdd(&rk_status[${status.ingested}u], 1u);
}
`;

/** Moves every message of an instance to the half of the memory that is in use from now on. */
export const move: string = `fn rk_copy(at: u32) -> u32 {
  let words = ${header.words}u + (rk_memory[at + ${header.bytes}u] + 3u) / 4u;
  let to = rk_room(words, rk_heap);
  if (to == rk_none) { return to; }
  for (var i = 0u; i < words; i++) { rk_memory[to + i] = rk_memory[at + i]; }
  return to;
}

fn rk_move_arrivals(list: u32) {
  var at = rk_get(list);
  var last = 0u;
  rk_set(list, 0u);
  while (at != 0u) {
    let next = rk_link(at);
    let to = rk_copy(at);
    rk_set_link(to, 0u);
    if (last == 0u) { rk_set(list, to); } else { rk_set_link(last, to); }
    last = to;
    at = next;
  }
}

fn rk_move_queue(list: u32) {
  let end = rk_get(list);
  if (end == 0u) { return; }
  rk_set(list, 0u);
  var at = rk_link(end);
  loop {
    let next = rk_link(at);
    rk_push(list, rk_copy(at));
    if (at == end) { break; }
    at = next;
  }
}

@compute @workgroup_size(${workgroup})
fn rk_move(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= rk_params.instances) { return; }
  let own = rk_params.control + id.x * ${instance.words}u;
  rk_move_arrivals(own + ${instance.arrivals}u);
  rk_move_arrivals(own + ${instance.arrivals + 1}u);
  for (var p = 0u; p < 4u; p++) { rk_move_queue(own + ${instance.queues}u + p); }
  rk_move_queue(own + ${instance.parked}u);
}
`;

/**
 * The kernel ends: all that waits, is parked or is on its way becomes dead letters. Or one instance of it: `buried` is its
 * index, from 1.
 */
export const burial: string = `@compute @workgroup_size(${workgroup})
fn rk_burial(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= rk_params.instances) { return; }
  if (rk_params.buried != 0u && rk_params.buried != id.x + 1u) { return; }
  rk_self = id.x;
  rk_address = rk_params.base_address + rk_self;
  rk_own = rk_params.control + rk_self * ${instance.words}u;
  rk_round_now = atomicLoad(&rk_status[${status.round}u]);
  rk_sequence = rk_get(rk_own + ${instance.sequence}u);
  for (var parity = 0u; parity < 2u; parity++) {
    let list = rk_own + ${instance.arrivals}u + parity;
    rk_set(list, rk_sorted(rk_get(list)));
  }
  loop {
    // Queues by urgency, what is parked, then the two lists of what is on its way.
    var list = rk_own + ${instance.queues + 3}u;
    while (list != rk_own + ${instance.queues}u && rk_get(list) == 0u) { list = list - 1u; }
    if (rk_get(list) == 0u) { list = rk_own + ${instance.parked}u; }
    let rests = rk_get(list) != 0u;
    if (!rests) { list = rk_own + ${instance.arrivals}u; }
    if (!rests && rk_get(list) == 0u) { list = list + 1u; }
    var at = rk_get(list);
    if (at == 0u) { break; }
    if (rests) { at = rk_link(at); }
    let first = select(rk_origin(at) - 1u, rk_address, rests);
    let second = select(rk_memory[at], rk_sequence, rests);
    let when = select(${phase.transit}u, ${phase.burial}u, rests);
    if (!rk_bury(at, ${reasonCode('terminated')}u, when, first, second)) { break; }
    if (!rests) {
      rk_set(list, rk_link(at));
    } else if (list == rk_own + ${instance.parked}u) {
      rk_leave_parked();
    } else {
      rk_leave(list);
    }
  }
  rk_add_counts();
  rk_set(rk_own + ${instance.sequence}u, rk_sequence);
}
`;
