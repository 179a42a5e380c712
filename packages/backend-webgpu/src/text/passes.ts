import { header, instance, phase, status, workgroup } from './layout.ts';
import { reasonCode } from './output.ts';

const pass = (name: string): string => `@compute @workgroup_size(1)
fn ${name}() { ${name}_now(); }
`;

export const begin: string = pass('rk_begin');
export const turn: string = pass('rk_turn');

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

/** Takes in what the host sent, one invocation for each message. */
export const ingress: string = `@compute @workgroup_size(${workgroup})
fn rk_ingress(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x < rk_device.batch) { rk_take_in(id.x); }
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
    if (rk_get(list) != 0u) { rk_set(list, rk_sorted(rk_get(list))); }
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
