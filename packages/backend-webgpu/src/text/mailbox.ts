import { absent, counter, header, instance, phase } from './layout.ts';
import { reasonCode } from './output.ts';

/** Messages that a priority lets pass, at most, outside of lockstep. */
const starvationBound = 64;

/** The bounded mailbox of an instance and its policy when it is full. */
export const mailbox: string = `/** Adds to a word of this instance's control. */
fn rk_change(word: u32, change: u32) {
  rk_set(rk_own + word, rk_get(rk_own + word) + change);
}

fn rk_enqueue(at: u32) {
  rk_push(rk_own + ${instance.queues}u + (rk_memory[at + ${header.packed}u] & 3u), at);
  rk_change(${instance.waiting}u, 1u);
  atomicMax(&rk_status[rk_params.counters + ${counter.maxDepth}u], rk_get(rk_own + ${instance.waiting}u));
}

fn rk_full() -> bool { return rk_get(rk_own + ${instance.waiting}u) >= rk_params.capacity; }

/** Takes the oldest parked message away. */
fn rk_leave_parked() {
  rk_drop_first(rk_own + ${instance.parked}u);
  rk_change(${instance.parkedCount}u, 0xffffffffu);
  rk_count(${counter.parked}u, 0xffffffffu);
}

/** Takes away the first of a queue. */
fn rk_leave(list: u32) {
  rk_drop_first(list);
  rk_change(${instance.waiting}u, 0xffffffffu);
}

/** Takes in what arrived, as long as there is nothing else to do about it; returns the first that is left. */
fn rk_arrive_simply(first: u32) -> u32 {
  var at = first;
  let before = rk_get(rk_own + ${instance.waiting}u);
  let room = rk_params.capacity - min(rk_params.capacity, before);
  var taken = 0u;
  if (at != 0u && room != 0u && rk_get(rk_own + ${instance.parked}u) == 0u) {
    loop {
      let next = rk_link(at);
      rk_push(rk_own + ${instance.queues}u + (rk_memory[at + ${header.packed}u] & 3u), at);
      taken = taken + 1u;
      at = next;
      continuing { break if at == 0u || taken == room; }
    }
    rk_set(rk_own + ${instance.waiting}u, before + taken);
    atomicMax(&rk_status[rk_params.counters + ${counter.maxDepth}u], before + taken);
  }
  return at;
}

/** Lets parked messages in, oldest first, as far as there is room; then what arrived in this round. */
fn rk_arrive(admit: bool) {
  let list = rk_own + ${instance.arrivals}u + (rk_round_now & 1u);
  let nobody = rk_get(rk_own + ${instance.failed}u) == ${absent}u;
  var at = rk_get(list);
  if (at != 0u) { at = rk_sorted(at); }
  if (!nobody) { at = rk_arrive_simply(at); }
  var admits = admit;
  loop {
    let last_parked = rk_get(rk_own + ${instance.parked}u);
    admits = admits && last_parked != 0u && !rk_full();
    if (!admits && at == 0u) { break; }
    var message = at;
    if (admits) {
      message = rk_link(last_parked);
      rk_leave_parked();
    } else {
      let next = rk_link(at);
      let full = rk_full() || last_parked != 0u;
      if (nobody || (full && rk_params.policy != 0u)) {
        var victim = at;
        var queue = rk_own + ${instance.queues}u;
        let drops = !nobody && rk_params.policy == 2u;
        if (drops) {
          while (rk_get(queue) == 0u) { queue = queue + 1u; }
          victim = rk_link(rk_get(queue));
        }
        let source = rk_origin(at);
        let sequence = rk_memory[at];
        let reason = select(${reasonCode('queue-full')}u, ${reasonCode('terminated')}u, nobody);
        // What there is no room for waits until the round goes on.
        if (!rk_bury(victim, reason, ${phase.arrival}u, source, sequence)) { break; }
        if (drops) { rk_leave(queue); } else { message = 0u; }
      } else if (full) {
        rk_push(rk_own + ${instance.parked}u, at);
        rk_change(${instance.parkedCount}u, 1u);
        rk_count(${counter.parked}u, 1u);
        message = 0u;
      }
      at = next;
    }
    if (message != 0u) { rk_enqueue(message); }
  }
  rk_set(list, at);
}

/** Messages that each priority let pass, before the next one was chosen. */
var<private> rk_passed: u32;

/** The queue of the next message: the most urgent, but outside of lockstep nobody is passed over for ever. */
fn rk_next_queue() -> u32 {
  let queues = rk_own + ${instance.queues}u;
  let waits = vec4<bool>(
    rk_get(queues) != 0u, rk_get(queues + 1u) != 0u, rk_get(queues + 2u) != 0u, rk_get(queues + 3u) != 0u,
  );
  let before = (vec3<u32>(rk_passed) >> vec3<u32>(0u, 10u, 20u)) & vec3<u32>(1023u);
  let starves = waits.xyz & (before >= vec3<u32>(${starvationBound}u)) & vec3<bool>(rk_device.lockstep == 0u);
  var chosen = select(select(select(0u, 1u, waits.y), 2u, waits.z), 3u, waits.w);
  chosen = select(select(select(chosen, 2u, starves.z), 1u, starves.y), 0u, starves.x);
  // Those below the chosen one were passed once more, those above keep their count.
  let place = vec3<u32>(0u, 1u, 2u);
  let more = select(vec3<u32>(0u), min(before + 1u, vec3<u32>(1023u)), waits.xyz);
  let below = select(vec3<u32>(0u), more, place < vec3<u32>(chosen));
  let after = select(below, before, place > vec3<u32>(chosen)) << vec3<u32>(0u, 10u, 20u);
  rk_set(rk_own + ${instance.passed}u, after.x | after.y | after.z);
  return queues + chosen;
}
`;
