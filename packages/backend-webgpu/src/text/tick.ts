import { counter, header, instance, mode, overflow, phase, record, recordKind, status, workgroup } from './layout.ts';
import { reasonCode } from './output.ts';

/** One round of one instance: arrivals, then the handlers. */
export const tick: string = `@group(0) @binding(6) var<storage, read_write> rk_states: array<u32>;

fn rk_stamped(microseconds: u32) -> vec2<u32> {
  let low = rk_device.physical_low + microseconds;
  return vec2<u32>(low, rk_device.physical_high + u32(low < microseconds));
}

/** Copies the state to its double behind all states, or back. */
fn rk_save(back: bool) {
  let double = rk_state + rk_params.instances * rk_state_words;
  for (var i = 0u; i < rk_state_words; i++) {
    if (back) { rk_states[rk_state + i] = rk_states[double + i]; } else { rk_states[double + i] = rk_states[rk_state + i]; }
  }
}

fn rk_measure(at: u32) {
  let sent = vec2<u32>(rk_memory[at + ${header.physicalLow}u], rk_memory[at + ${header.physicalHigh}u]);
  let low = rk_physical.x - sent.x;
  let high = rk_physical.y - sent.y - u32(rk_physical.x < sent.x);
  var us = select(low, 0xffffffffu, high != 0u);
  if ((high >> 31u) != 0u) { us = 0u; }
  let c = rk_params.counters;
  var bucket = us;
  if (us >= 4u) {
    let shift = 29u - countLeadingZeros(us);
    bucket = ((shift + 1u) << 2u) + ((us >> shift) & 3u);
  }
  atomicAdd(&rk_status[c + ${counter.latency}u + bucket], 1u);
  let before = atomicAdd(&rk_status[c + ${counter.latencySumLow}u], us);
  if (before + us < before) { atomicAdd(&rk_status[c + ${counter.latencySumHigh}u], 1u); }
  atomicMin(&rk_status[c + ${counter.latencyMin}u], us);
  atomicMax(&rk_status[c + ${counter.latencyMax}u], us);
}

/** Runs the handler of a message; false when there was no room for what it did. */
fn rk_run(at: u32) -> bool {
  rk_message = at + ${header.words}u;
  rk_faulted = false;
  rk_aborted = false;
  rk_first_send = 0u;
  rk_first_record = 0u;
  let draws = rk_draws;
  let sequence = rk_sequence;
  rk_save(false);
  let known = rk_handle(rk_memory[at + ${header.type}u]);
  if (rk_aborted) {
    rk_save(true);
    rk_draws = draws;
    rk_sequence = sequence;
    rk_take_back();
    return false;
  }
  if (!known) { return rk_bury_next(at, ${reasonCode('invalid')}u, ${phase.handling}u); }
  rk_commit();
  rk_measure(at);
  rk_count(${counter.handled}u, 1u);
  rk_count(${counter.bytesIn}u, rk_memory[at + ${header.bytes}u]);
  rk_count(${counter.pending}u, 0xffffffffu);
  return true;
}

fn rk_treat(at: u32) -> bool {
  if (rk_get(rk_own + ${instance.failed}u) != 0u) {
    return rk_bury_next(at, ${reasonCode('instance-failed')}u, ${phase.handling}u);
  }
  let deadline = rk_memory[at + ${header.deadline}u];
  let now = select(rk_device.now_ms, rk_round_now, rk_device.lockstep != 0u);
  if (deadline != 0u && now > deadline) {
    return rk_bury_next(at, ${reasonCode('expired')}u, ${phase.handling}u);
  }
  return rk_run(at);
}

fn rk_handle_all() {
  var left = rk_device.budget;
  while (rk_get(rk_own + ${instance.waiting}u) != 0u && left != 0u) {
    let passed = rk_get(rk_own + ${instance.passed}u);
    let list = rk_next_queue();
    if (!rk_treat(rk_link(rk_get(list)))) {
      rk_set(rk_own + ${instance.passed}u, passed);
      return;
    }
    rk_leave(list);
    left = left - 1u;
  }
  if (rk_get(rk_own + ${instance.waiting}u) == 0u && rk_get(rk_own + ${instance.failed}u) != 0u) {
    _ = rk_bury_parked(${reasonCode('instance-failed')}u, ${phase.handling}u);
  }
}

/** The kernel ends: all that waits or is on its way becomes dead letters. */
fn rk_bury_all() {
  while (rk_get(rk_own + ${instance.waiting}u) != 0u) {
    var list = rk_own + ${instance.queues + 3}u;
    while (rk_get(list) == 0u) { list = list - 1u; }
    if (!rk_bury_next(rk_link(rk_get(list)), ${reasonCode('terminated')}u, ${phase.burial}u)) { return; }
    rk_leave(list);
  }
  if (!rk_bury_parked(${reasonCode('terminated')}u, ${phase.burial}u)) { return; }
  for (var parity = 0u; parity < 2u; parity++) {
    let list = rk_own + ${instance.arrivals}u + parity;
    rk_set(list, rk_sorted(rk_get(list)));
    loop {
      let at = rk_get(list);
      if (at == 0u) { break; }
      let source = rk_memory[at + ${header.source}u] - 1u;
      if (!rk_bury(at, ${reasonCode('terminated')}u, ${phase.transit}u, source, rk_memory[at])) { return; }
      rk_set(list, rk_link(at));
    }
  }
}

/** Tells the host how many messages rest here, when that has changed. */
fn rk_tell_depth() {
  let waiting = rk_get(rk_own + ${instance.waiting}u);
  let depth = waiting + rk_get(rk_own + ${instance.parkedCount}u);
  if (depth != 0u && rk_params.mode == ${mode.running}u) { atomicAdd(&rk_status[${status.work}u], 1u); }
  if (depth == rk_get(rk_own + ${instance.told}u)) { return; }
  let at = rk_host_room(4u);
  if (at == rk_none) { return; }
  rk_memory[at + ${record.kind}u] = ${recordKind.depth}u;
  rk_memory[at + 2u] = rk_address;
  rk_memory[at + 3u] = depth;
  rk_set(rk_own + ${instance.told}u, depth);
}

@compute @workgroup_size(${workgroup})
fn rk_tick(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= rk_params.instances) { return; }
  if (atomicLoad(&rk_status[${status.halt}u]) != 0u || atomicLoad(&rk_status[${status.quiet}u]) != 0u) { return; }
  rk_self = id.x;
  rk_state = rk_self * rk_state_words;
  rk_address = rk_params.base_address + rk_self;
  rk_own = rk_params.control + rk_self * ${instance.words}u;
  rk_round_now = atomicLoad(&rk_status[${status.round}u]);
  rk_physical = rk_stamped(atomicLoad(&rk_status[${status.ticks}u]) * rk_device.tick_us);
  if (rk_device.lockstep != 0u) { rk_physical = vec2<u32>(rk_round_now, 0u); }
  rk_draws = rk_get(rk_own + ${instance.draws}u);
  rk_sequence = rk_get(rk_own + ${instance.sequence}u);
  if (rk_params.mode == ${mode.buried}u) {
    rk_bury_all();
  } else {
    if (atomicLoad(&rk_status[${status.resume}u]) == 0u) {
      rk_sequence = 0u;
      rk_admit();
    }
    rk_arrive();
    let arrived = rk_get(rk_own + ${instance.arrivals}u + (rk_round_now & 1u)) == 0u;
    if (rk_params.mode == ${mode.running}u && arrived) { rk_handle_all(); }
    rk_tell_depth();
  }
  rk_set(rk_own + ${instance.draws}u, rk_draws);
  rk_set(rk_own + ${instance.sequence}u, rk_sequence);
}
`;

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
  let work = atomicExchange(&rk_status[${status.work}u], 0u);
  atomicStore(&rk_status[${status.live}u], work);
  atomicStore(&rk_status[${status.resume}u], 0u);
  atomicAdd(&rk_status[${status.round}u], 1u);
  if (work == 0u && rk_device.lockstep == 0u) { atomicStore(&rk_status[${status.quiet}u], 1u); }
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
  let at = rk_room(words);
  if (at == rk_none) {
    atomicOr(&rk_status[${status.halt}u], ${overflow.heap}u);
    return;
  }
  for (var i = 0u; i < words; i++) { rk_memory[at + i] = rk_batch[start + i]; }
  let to = rk_memory[at + ${header.destination}u];
  let page = rk_page(to);
  rk_send_to(rk_control_of(to, page), atomicLoad(&rk_status[${status.round}u]) & 1u, at);
  rk_batch[1u + id.x] = 0u;
  atomicAdd(&rk_status[${status.ingested}u], 1u);
}
`;

/** Moves every message of an instance to the half of the memory that is in use from now on. */
export const move: string = `fn rk_copy(at: u32) -> u32 {
  let words = ${header.words}u + (rk_memory[at + ${header.bytes}u] + 3u) / 4u;
  let to = rk_room(words);
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
