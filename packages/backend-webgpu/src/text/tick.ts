import {
  counter,
  header,
  instance,
  mode,
  phase,
  record,
  recordKind,
  status,
  workgroup,
} from './layout.ts';
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

/** Runs the handler of a message. When there is no room for what it does, \`rk_aborted\` is set; false: no handler. */
fn rk_run(at: u32) -> bool {
  rk_message = at + ${header.words}u;
  rk_fault_place = 0u;
  rk_first_output = 0u;
  let draws = rk_draws;
  let sequence = rk_sequence;
  rk_save(false);
  let known = rk_handle(rk_memory[at + ${header.type}u]);
  if (!known) { return false; }
  if (rk_fault_place != 0u) { rk_record_fault(); }
  rk_finish();
  if (rk_aborted) {
    rk_save(true);
    rk_draws = draws;
    rk_sequence = sequence;
    return true;
  }
  if (rk_fault_place != 0u) {
    if (rk_params.rollback != 0u) { rk_save(true); }
    rk_set(rk_own + ${instance.failed}u, 1u);
    rk_count(${counter.errors}u, 1u);
  }
  rk_measure(at);
  rk_count(${counter.handled}u, 1u);
  rk_count(${counter.bytesIn}u, rk_memory[at + ${header.bytes}u]);
  rk_count(${counter.pending}u, 0xffffffffu);
  return true;
}

/** Handles what waits, or buries it. What there is no room for stays until the round goes on. */
fn rk_handle_all() {
  rk_aborted = false;
  for (var left = rk_device.budget; left != 0u; left--) {
    let failed = rk_get(rk_own + ${instance.failed}u) != 0u;
    let waits = rk_get(rk_own + ${instance.waiting}u) != 0u;
    let parked = rk_get(rk_own + ${instance.parked}u);
    if (failed && rk_params.holds != 0u) { break; }
    if (!waits && (!failed || parked == 0u)) { break; }
    let passed = rk_get(rk_own + ${instance.passed}u);
    var list = rk_own + ${instance.parked}u;
    if (waits) { list = rk_next_queue(); }
    let at = rk_link(rk_get(list));
    let deadline = rk_memory[at + ${header.deadline}u];
    let now = select(rk_device.now_ms, rk_round_now, rk_device.lockstep != 0u);
    var reason = 0u;
    if (failed) {
      reason = ${reasonCode('instance-failed')}u;
    } else if (deadline != 0u && now > deadline) {
      reason = ${reasonCode('expired')}u;
    } else if (!rk_run(at)) {
      reason = ${reasonCode('invalid')}u;
    }
    if (reason != 0u) {
      if (!rk_bury(at, reason, ${phase.handling}u, rk_address, rk_sequence)) { rk_aborted = true; }
    }
    if (rk_aborted) {
      rk_set(rk_own + ${instance.passed}u, passed);
      break;
    }
    if (waits) { rk_leave(list); } else { rk_leave_parked(); }
  }
}

/** Tells the host how many messages rest here, when that has changed. */
fn rk_tell_depth() {
  let waiting = rk_get(rk_own + ${instance.waiting}u);
  let depth = waiting + rk_get(rk_own + ${instance.parkedCount}u);
  let held = rk_params.holds != 0u && rk_get(rk_own + ${instance.failed}u) != 0u;
  if (depth != 0u && rk_params.mode == ${mode.running}u && !held) { atomicAdd(&rk_status[${status.work}u], 1u); }
  if (depth == rk_get(rk_own + ${instance.told}u)) { return; }
  let at = rk_room(${record.words}u, rk_egress);
  if (at == rk_none) { return; }
  rk_memory[at + ${record.bytes}u] = 0u;
  rk_memory[at + ${record.packed}u] = ${recordKind.depth << 8}u;
  rk_memory[at + ${record.source}u] = rk_address;
  rk_memory[at + ${record.value}u] = depth;
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
  // The end of the round: what was sent up with it has waited that long.
  rk_physical = rk_stamped((atomicLoad(&rk_status[${status.ticks}u]) + 1u) * rk_device.tick_us);
  if (rk_device.lockstep != 0u) { rk_physical = vec2<u32>(rk_round_now, 0u); }
  rk_draws = rk_get(rk_own + ${instance.draws}u);
  rk_sequence = rk_get(rk_own + ${instance.sequence}u);
  let fresh = atomicLoad(&rk_status[${status.resume}u]) == 0u;
  if (fresh) { rk_sequence = 0u; }
  rk_arrive(fresh);
  let arrived = rk_get(rk_own + ${instance.arrivals}u + (rk_round_now & 1u)) == 0u;
  if (rk_params.mode == ${mode.running}u && arrived) { rk_handle_all(); }
  rk_tell_depth();
  rk_add_counts();
  rk_set(rk_own + ${instance.draws}u, rk_draws);
  rk_set(rk_own + ${instance.sequence}u, rk_sequence);
}
`;
