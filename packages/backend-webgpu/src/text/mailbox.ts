import { counter, header, instance, phase, record, recordKind } from './layout.ts';
import { reasonCode } from './output.ts';

/** Messages that a priority lets pass, at most, outside of lockstep. */
const starvationBound = 64;

/** The bounded mailbox of an instance, its policy when it is full, and dead letters. */
export const mailbox: string = `/** Makes a message a dead letter; false when there is no room for it. */
fn rk_bury(at: u32, reason: u32, when: u32, first: u32, second: u32) -> bool {
  let bytes = rk_memory[at + ${header.bytes}u];
  let words = (bytes + 3u) / 4u;
  let to = rk_host_room(words + ${record.words}u);
  if (to == rk_none) { return false; }
  rk_memory[to + ${record.kind}u] = ${recordKind.deadLetter}u;
  rk_memory[to + ${record.phase}u] = when;
  rk_memory[to + ${record.first}u] = first;
  rk_memory[to + ${record.second}u] = second;
  rk_memory[to + ${record.type}u] = rk_memory[at + ${header.type}u];
  rk_memory[to + ${record.bytes}u] = bytes;
  rk_memory[to + ${record.detail}u] = reason;
  rk_memory[to + ${record.correlationLow}u] = rk_memory[at + ${header.correlationLow}u];
  rk_memory[to + ${record.correlationHigh}u] = rk_memory[at + ${header.correlationHigh}u];
  rk_memory[to + ${record.source}u] = rk_memory[at + ${header.source}u];
  rk_memory[to + ${record.destination}u] = rk_memory[at + ${header.destination}u];
  rk_memory[to + ${record.round}u] = rk_round_now;
  for (var i = 0u; i < words; i++) {
    rk_memory[to + ${record.words}u + i] = rk_memory[at + ${header.words}u + i];
  }
  rk_count(${counter.deadLettered}u + reason, 1u);
  rk_count(${counter.pending}u, 0xffffffffu);
  return true;
}

/** The same at the instance's next place in this round's order. */
fn rk_bury_next(at: u32, reason: u32, when: u32) -> bool {
  let buried = rk_bury(at, reason, when, rk_address, rk_sequence);
  if (buried) { rk_sequence = rk_sequence + 1u; }
  return buried;
}

fn rk_enqueue(at: u32) {
  rk_push(rk_own + ${instance.queues}u + (rk_memory[at + ${header.packed}u] & 3u), at);
  let waiting = rk_get(rk_own + ${instance.waiting}u) + 1u;
  rk_set(rk_own + ${instance.waiting}u, waiting);
  atomicMax(&rk_status[rk_params.counters + ${counter.maxDepth}u], waiting);
}

/** Lets parked messages in, oldest first, as far as there is room. */
fn rk_admit() {
  loop {
    let last = rk_get(rk_own + ${instance.parked}u);
    if (last == 0u || rk_get(rk_own + ${instance.waiting}u) >= rk_params.capacity) { break; }
    let first = rk_link(last);
    rk_drop_first(rk_own + ${instance.parked}u);
    rk_set(rk_own + ${instance.parkedCount}u, rk_get(rk_own + ${instance.parkedCount}u) - 1u);
    rk_count(${counter.parked}u, 0xffffffffu);
    rk_enqueue(first);
  }
}

/** The oldest of the lowest priority goes; false when there is no room for the dead letter. */
fn rk_drop_oldest(for_whom: u32) -> bool {
  var list = rk_own + ${instance.queues}u;
  while (rk_get(list) == 0u) { list = list + 1u; }
  let oldest = rk_link(rk_get(list));
  let source = rk_memory[for_whom + ${header.source}u];
  let full = ${reasonCode('queue-full')}u;
  if (!rk_bury(oldest, full, ${phase.arrival}u, source, rk_memory[for_whom])) { return false; }
  rk_drop_first(list);
  rk_set(rk_own + ${instance.waiting}u, rk_get(rk_own + ${instance.waiting}u) - 1u);
  return true;
}

/** Puts one message into the mailbox, or does what the policy says when it is full. */
fn rk_deliver(at: u32) -> bool {
  let room = rk_get(rk_own + ${instance.waiting}u) < rk_params.capacity;
  if (room && rk_get(rk_own + ${instance.parked}u) == 0u) {
    rk_enqueue(at);
    return true;
  }
  if (rk_params.policy == 0u) {
    rk_push(rk_own + ${instance.parked}u, at);
    rk_set(rk_own + ${instance.parkedCount}u, rk_get(rk_own + ${instance.parkedCount}u) + 1u);
    rk_count(${counter.parked}u, 1u);
    return true;
  }
  if (rk_params.policy == 1u) {
    let source = rk_memory[at + ${header.source}u];
    return rk_bury(at, ${reasonCode('queue-full')}u, ${phase.arrival}u, source, rk_memory[at]);
  }
  if (!rk_drop_oldest(at)) { return false; }
  rk_enqueue(at);
  return true;
}

/** Takes in what arrived in this round; what there was no room for waits until the round goes on. */
fn rk_arrive() {
  let list = rk_own + ${instance.arrivals}u + (rk_round_now & 1u);
  let newest = rk_get(list);
  if (newest == 0u) { return; }
  var at = rk_sorted(newest);
  while (at != 0u) {
    let next = rk_link(at);
    if (!rk_deliver(at)) { break; }
    at = next;
  }
  rk_set(list, at);
}

/** The queue of the next message: the most urgent, but outside of lockstep nobody is passed over for ever. */
fn rk_next_queue() -> u32 {
  var chosen = 4u;
  for (var p = 3i; p >= 0i; p--) {
    if (rk_get(rk_own + ${instance.queues}u + u32(p)) != 0u) {
      let passed = (rk_get(rk_own + ${instance.passed}u) >> (u32(p) * 10u)) & 1023u;
      if (chosen == 4u || (rk_device.lockstep == 0u && passed >= ${starvationBound}u)) { chosen = u32(p); }
    }
  }
  var passed = rk_get(rk_own + ${instance.passed}u);
  for (var p = 0u; p < 3u; p++) {
    let shift = p * 10u;
    let count = (passed >> shift) & 1023u;
    var next = 0u;
    if (p < chosen && rk_get(rk_own + ${instance.queues}u + p) != 0u) { next = min(count + 1u, 1023u); }
    passed = (passed & ~(1023u << shift)) | (next << shift);
  }
  rk_set(rk_own + ${instance.passed}u, passed);
  return rk_own + ${instance.queues}u + chosen;
}

/** Takes away the first of a queue. */
fn rk_leave(list: u32) {
  rk_drop_first(list);
  rk_set(rk_own + ${instance.waiting}u, rk_get(rk_own + ${instance.waiting}u) - 1u);
}

fn rk_bury_parked(reason: u32, when: u32) -> bool {
  loop {
    let last = rk_get(rk_own + ${instance.parked}u);
    if (last == 0u) { break; }
    if (!rk_bury_next(rk_link(last), reason, when)) { return false; }
    rk_drop_first(rk_own + ${instance.parked}u);
    rk_set(rk_own + ${instance.parkedCount}u, rk_get(rk_own + ${instance.parkedCount}u) - 1u);
    rk_count(${counter.parked}u, 0xffffffffu);
  }
  return true;
}
`;
