import { counter, header } from './layout.ts';

/** The clock of a round, and how long messages were on their way: added up for each invocation. */
export const latency: string = `fn rk_stamped(microseconds: u32) -> vec2<u32> {
  let low = rk_device.physical_low + microseconds;
  return vec2<u32>(low, rk_device.physical_high + u32(low < microseconds));
}

/** What this invocation has measured: added to the figures of its kernel at its end. */
var<private> rk_latency_sum: vec2<u32>;
var<private> rk_latency_most: u32;
var<private> rk_latency_least: u32;
/** One of the powers of two, and how many have been measured there in a row. */
var<private> rk_bucket: u32;
var<private> rk_in_bucket: u32;

fn rk_add_bucket() {
  if (rk_in_bucket == 0u) { return; }
  atomicAdd(&rk_status[rk_params.counters + ${counter.latency}u + rk_bucket], rk_in_bucket);
}

fn rk_measure(at: u32) {
  let sent = vec2<u32>(rk_memory[at + ${header.physicalLow}u], rk_memory[at + ${header.physicalHigh}u]);
  let low = rk_physical.x - sent.x;
  let high = rk_physical.y - sent.y - u32(rk_physical.x < sent.x);
  var us = select(low, 0xffffffffu, high != 0u);
  if ((high >> 31u) != 0u) { us = 0u; }
  var bucket = us;
  if (us >= 4u) {
    let shift = 29u - countLeadingZeros(us);
    bucket = ((shift + 1u) << 2u) + ((us >> shift) & 3u);
  }
  if (bucket != rk_bucket) {
    rk_add_bucket();
    rk_bucket = bucket;
    rk_in_bucket = 0u;
  }
  rk_in_bucket = rk_in_bucket + 1u;
  rk_latency_sum.x = rk_latency_sum.x + us;
  rk_latency_sum.y = rk_latency_sum.y + u32(rk_latency_sum.x < us);
  // Kept turned round, so that it begins at 0.
  rk_latency_least = max(rk_latency_least, ~us);
  rk_latency_most = max(rk_latency_most, us);
}

fn rk_add_latency() {
  rk_add_bucket();
  let c = rk_params.counters;
  let before = atomicAdd(&rk_status[c + ${counter.latencySumLow}u], rk_latency_sum.x);
  let carry = u32(before + rk_latency_sum.x < before);
  atomicAdd(&rk_status[c + ${counter.latencySumHigh}u], rk_latency_sum.y + carry);
  atomicMin(&rk_status[c + ${counter.latencyMin}u], ~rk_latency_least);
  atomicMax(&rk_status[c + ${counter.latencyMax}u], rk_latency_most);
}
`;
