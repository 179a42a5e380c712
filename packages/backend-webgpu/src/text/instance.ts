import { counter, header, phase, record, recordKind } from './layout.ts';

/** What an invocation knows of its instance, and how it counts and buries. */
export const instanceText: string = `var<private> rk_self: u32;
/** Where its control is, its address, the round, and its records in it so far. */
var<private> rk_own: u32;
var<private> rk_address: u32;
var<private> rk_round_now: u32;
var<private> rk_sequence: u32;

/** What this invocation has counted for its kernel; added to the counters at its end. */
var<private> rk_counts: array<u32, ${counter.counts}>;

fn rk_count(word: u32, change: u32) { rk_counts[word] = rk_counts[word] + change; }

fn rk_add_counts() {
  for (var i = 0u; i < ${counter.counts}u; i++) {
    if (rk_counts[i] != 0u) { atomicAdd(&rk_status[rk_params.counters + i], rk_counts[i]); }
  }
}

/** Makes a message a dead letter; false when there is no room for it. */
fn rk_bury(at: u32, reason: u32, when: u32, first: u32, second: u32) -> bool {
  let bytes = rk_memory[at + ${header.bytes}u];
  let words = (bytes + 3u) / 4u + ${record.words}u;
  let to = rk_room(words, rk_egress);
  if (to == rk_none) { return false; }
  for (var i = 0u; i < words; i++) { rk_memory[to + i] = rk_memory[at + i]; }
  rk_memory[to] = second;
  rk_memory[to + ${record.packed}u] =
    (reason << 16u) | ${recordKind.deadLetter << 8}u | (rk_memory[at + ${header.packed}u] & 3u);
  rk_memory[to + ${record.phase}u] = when;
  rk_memory[to + ${record.first}u] = first;
  rk_memory[to + ${record.round}u] = rk_round_now;
  rk_count(${counter.deadLettered}u + reason, 1u);
  rk_count(${counter.pending}u, 0xffffffffu);
  if (when == ${phase.handling}u || when == ${phase.burial}u) { rk_sequence = rk_sequence + 1u; }
  return true;
}
`;
