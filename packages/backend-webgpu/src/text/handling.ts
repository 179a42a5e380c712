import { counter, header, instance, mode, phase, record, recordKind, status } from './layout.ts';
import { reasonCode } from './output.ts';

/** What an instance does in a round, but for its handlers: it takes in what arrives and chooses what is next. */
export const handling: string = `/** The message that is next: where it is, its list, and what was so before it was chosen. */
var<private> rk_next_at: u32;
var<private> rk_list: u32;
var<private> rk_waits: bool;
var<private> rk_draws_before: u32;
var<private> rk_sequence_before: u32;

const rk_nothing = 0u;
const rk_to_handle = 1u;
const rk_to_bury = 2u;

/** Why the next message becomes a dead letter. */
var<private> rk_reason: u32;

/** Chooses the next message, and what becomes of it. */
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
  rk_reason = select(${reasonCode('expired')}u, ${reasonCode('instance-failed')}u, failed);
  if (failed || (deadline != 0u && i32(now - deadline) > 0)) { return rk_to_bury; }
  rk_reason = ${reasonCode('invalid')}u;
  rk_fault_place = 0u;
  rk_first_output = 0u;
  rk_draws_before = rk_draws;
  rk_sequence_before = rk_sequence;
  return rk_to_handle;
}

/** The handler has returned, or there is none and the message is buried. Without room \`rk_aborted\` is set. */
fn rk_end(handled: bool) {
  if (!handled) {
    rk_aborted = !rk_bury(rk_next_at, rk_reason, ${phase.handling}u, rk_address, rk_sequence);
    return;
  }
  if (rk_fault_place != 0u) { rk_record_fault(); }
  rk_finish();
  if (rk_aborted || (rk_fault_place != 0u && rk_params.rollback != 0u)) { rk_restore(); }
  if (rk_aborted) {
    rk_draws = rk_draws_before;
    rk_sequence = rk_sequence_before;
    return;
  }
  if (rk_fault_place != 0u) {
    rk_set(rk_own + ${instance.failed}u, 1u);
    rk_count(${counter.errors}u, 1u);
  }
  rk_count_handled();
}

fn rk_count_handled() {
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

/** Whether there may be another message to choose. */
fn rk_has_more() -> bool {
  return rk_get(rk_own + ${instance.waiting}u) != 0u || rk_get(rk_own + ${instance.parked}u) != 0u;
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
  if (rk_stopped()) { return 0u; }
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
