import { readWord, type WgslForm, writeWord } from '@ringkernel/compiler/back-end';
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

/** Copies the state to its double behind all states, or back, from this word on. */
function copyText(form: WgslForm): string {
  const state = 'rk_state + i';
  const double = 'rk_state + rk_params.instances * rk_state_words + i';
  const back = writeWord(form, 'states', state, readWord(form, 'states', double));
  const away = writeWord(form, 'states', double, readWord(form, 'states', state));
  return `fn rk_save(back: bool, first: u32, step: u32) {
  for (var i = first; i < rk_state_words; i += step) {
    if (back) { ${back} } else { ${away} }
  }
}
`;
}

const stamps = `fn rk_stamped(microseconds: u32) -> vec2<u32> {
  let low = rk_device.physical_low + microseconds;
  return vec2<u32>(low, rk_device.physical_high + u32(low < microseconds));
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

/** The message that is next: where it is, its list, and what was so before it was chosen. */
var<private> rk_next_at: u32;
var<private> rk_list: u32;
var<private> rk_waits: bool;
var<private> rk_passed: u32;
var<private> rk_draws_before: u32;
var<private> rk_sequence_before: u32;

const rk_nothing = 0u;
const rk_to_handle = 1u;
const rk_to_bury = 2u;

fn rk_bury_next(reason: u32) {
  if (!rk_bury(rk_next_at, reason, ${phase.handling}u, rk_address, rk_sequence)) { rk_aborted = true; }
}

/** Chooses the next message, and buries it when it can't be handled. */
fn rk_choose() -> u32 {
  let failed = rk_get(rk_own + ${instance.failed}u) != 0u;
  let parked = rk_get(rk_own + ${instance.parked}u);
  rk_waits = rk_get(rk_own + ${instance.waiting}u) != 0u;
  if (failed && rk_params.holds != 0u) { return rk_nothing; }
  if (!rk_waits && (!failed || parked == 0u)) { return rk_nothing; }
  rk_passed = rk_get(rk_own + ${instance.passed}u);
  rk_list = rk_own + ${instance.parked}u;
  if (rk_waits) { rk_list = rk_next_queue(); }
  rk_next_at = rk_link(rk_get(rk_list));
  let deadline = rk_memory[rk_next_at + ${header.deadline}u];
  let now = select(rk_device.now_ms, rk_round_now, rk_device.lockstep != 0u);
  if (failed) {
    rk_bury_next(${reasonCode('instance-failed')}u);
    return rk_to_bury;
  }
  if (deadline != 0u && now > deadline) {
    rk_bury_next(${reasonCode('expired')}u);
    return rk_to_bury;
  }
  rk_fault_place = 0u;
  rk_first_output = 0u;
  rk_draws_before = rk_draws;
  rk_sequence_before = rk_sequence;
  return rk_to_handle;
}

/** The handler has returned; without one the message is buried. When there is no room, \`rk_aborted\` is set. */
fn rk_handled(known: bool) {
  if (!known) {
    rk_bury_next(${reasonCode('invalid')}u);
    return;
  }
  if (rk_fault_place != 0u) { rk_record_fault(); }
  rk_finish();
  if (rk_aborted) {
    rk_save(true, 0u, 1u);
    rk_draws = rk_draws_before;
    rk_sequence = rk_sequence_before;
    return;
  }
  if (rk_fault_place != 0u) {
    if (rk_params.rollback != 0u) { rk_save(true, 0u, 1u); }
    rk_set(rk_own + ${instance.failed}u, 1u);
    rk_count(${counter.errors}u, 1u);
  }
  rk_measure(rk_next_at);
  rk_count(${counter.handled}u, 1u);
  rk_count(${counter.bytesIn}u, rk_memory[rk_next_at + ${header.bytes}u]);
  rk_count(${counter.pending}u, 0xffffffffu);
}

/** Takes the message out of its list. What there is no room for stays until the round goes on: false. */
fn rk_leave_next() -> bool {
  if (rk_aborted) {
    rk_set(rk_own + ${instance.passed}u, rk_passed);
    return false;
  }
  if (rk_waits) { rk_leave(rk_list); } else { rk_leave_parked(); }
  return true;
}

/**
 * Tells the host how many messages rest here, when that has changed. With messages that it may handle the instance runs
 * in the next round, too.
 */
fn rk_tell_depth() {
  let waiting = rk_get(rk_own + ${instance.waiting}u);
  let depth = waiting + rk_get(rk_own + ${instance.parkedCount}u);
  let held = rk_params.holds != 0u && rk_get(rk_own + ${instance.failed}u) != 0u;
  if (depth != 0u && rk_params.mode == ${mode.running}u && !held) {
    let next = (rk_round_now + 1u) & 1u;
    rk_make_due(rk_self, rk_params.control, rk_params.instances, rk_params.counters, next);
  }
  if (depth == rk_get(rk_own + ${instance.told}u)) { return; }
  let at = rk_room(${record.words}u, rk_egress);
  if (at == rk_none) { return; }
  rk_memory[at + ${record.bytes}u] = 0u;
  rk_memory[at + ${record.packed}u] = ${recordKind.depth << 8}u;
  rk_memory[at + ${record.source}u] = rk_address;
  rk_memory[at + ${record.value}u] = depth;
  rk_set(rk_own + ${instance.told}u, depth);
}

/** How many instances run in this round; none when the device does not go on with it. */
fn rk_due() -> u32 {
  if (atomicLoad(&rk_status[${status.halt}u]) != 0u || atomicLoad(&rk_status[${status.quiet}u]) != 0u) { return 0u; }
  rk_round_now = atomicLoad(&rk_status[${status.round}u]);
  return atomicLoad(&rk_status[rk_params.counters + ${counter.due}u + (rk_round_now & 1u)]);
}

/** Becomes the instance that has this place on the list. */
fn rk_be(place: u32) {
  rk_self = rk_get(rk_due_list(rk_params.control, rk_params.instances, rk_round_now & 1u) + place);
  rk_state = rk_self * rk_state_words;
  rk_address = rk_params.base_address + rk_self;
  rk_own = rk_params.control + rk_self * ${instance.words}u;
}

/** The round begins; whether the instance handles messages in it. */
fn rk_enter() -> bool {
  rk_set(rk_own + ${instance.due}u + (rk_round_now & 1u), 0u);
  // The end of the round: what was sent up with it has waited that long.
  rk_physical = rk_stamped((atomicLoad(&rk_status[${status.ticks}u]) + 1u) * rk_device.tick_us);
  if (rk_device.lockstep != 0u) { rk_physical = vec2<u32>(rk_round_now, 0u); }
  rk_draws = rk_get(rk_own + ${instance.draws}u);
  rk_sequence = rk_get(rk_own + ${instance.sequence}u);
  let fresh = atomicLoad(&rk_status[${status.resume}u]) == 0u;
  if (fresh) { rk_sequence = 0u; }
  rk_arrive(fresh);
  rk_aborted = false;
  let arrived = rk_get(rk_own + ${instance.arrivals}u + (rk_round_now & 1u)) == 0u;
  return rk_params.mode == ${mode.running}u && arrived;
}

fn rk_exit() {
  rk_tell_depth();
  rk_set(rk_own + ${instance.draws}u, rk_draws);
  rk_set(rk_own + ${instance.sequence}u, rk_sequence);
}
`;

/** One invocation runs an instance from arrivals to handlers, and then the next that no other runs. */
const threadTick = (lanes: number): string => `fn rk_run() {
  if (rk_enter()) {
    for (var left = rk_device.budget; left != 0u; left--) {
      let next = rk_choose();
      if (next == rk_nothing) { break; }
      if (next == rk_to_handle) {
        rk_message = rk_next_at + ${header.words}u;
        rk_save(false, 0u, 1u);
        rk_handled(rk_handle(rk_memory[rk_next_at + ${header.type}u]));
      }
      if (!rk_leave_next()) { break; }
    }
  }
  rk_exit();
}

@compute @workgroup_size(${lanes})
fn rk_tick(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) size: vec3<u32>) {
  let due = rk_due();
  for (var place = id.x; place < due; place += size.x * ${lanes}u) {
    rk_be(place);
    rk_run();
  }
  if (id.x < due) { rk_add_counts(); }
}
`;

/** A workgroup for each instance: lane 0 does all but the handlers alone, and tells the others where it goes. */
const workgroupTick = `var<workgroup> rk_told: u32;
var<workgroup> rk_told_message: u32;
var<workgroup> rk_told_type: u32;

fn rk_run() {
  if (rk_lane == 0u) { rk_told = u32(rk_enter()); }
  if (workgroupUniformLoad(&rk_told) != 0u) {
    for (var left = rk_device.budget; left != 0u; left--) {
      if (rk_lane == 0u) {
        rk_told = rk_choose();
        rk_told_message = rk_next_at + ${header.words}u;
        rk_told_type = rk_memory[rk_next_at + ${header.type}u];
      }
      let next = workgroupUniformLoad(&rk_told);
      if (next == rk_nothing) { break; }
      if (next == rk_to_handle) {
        rk_message = workgroupUniformLoad(&rk_told_message);
        rk_save(false, rk_lane, ${workgroup}u);
        storageBarrier();
        let known = rk_handle(workgroupUniformLoad(&rk_told_type));
        storageBarrier();
        if (rk_lane == 0u) { rk_handled(known); }
      }
      if (rk_lane == 0u) { rk_told = u32(rk_leave_next()); }
      if (workgroupUniformLoad(&rk_told) == 0u) { break; }
      storageBarrier();
    }
  }
  if (rk_lane == 0u) { rk_exit(); }
}

@compute @workgroup_size(${workgroup})
fn rk_tick(
  @builtin(workgroup_id) id: vec3<u32>,
  @builtin(num_workgroups) size: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  rk_lane = lane;
  let due = rk_due();
  if (lane == 0u) { rk_told = due; }
  let all = workgroupUniformLoad(&rk_told);
  for (var place = id.x; place < all; place += size.x) {
    rk_be(place);
    rk_run();
  }
  if (lane == 0u && id.x < all) { rk_add_counts(); }
}
`;

/** One round of the instances that have something to do: arrivals, then the handlers. */
export function tickText(form: WgslForm, lanes: number): string {
  const word = form === 'thread' ? 'u32' : 'atomic<u32>';
  const states = `@group(0) @binding(6) var<storage, read_write> rk_states: array<${word}>;\n`;
  const tick = form === 'thread' ? threadTick(lanes) : workgroupTick;
  return [states, copyText(form), stamps, tick].join('\n');
}
