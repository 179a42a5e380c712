import { deviceWords } from './bindings.ts';
import { counter, header, overflow, status } from './layout.ts';

/** What frames the rounds of a submit: passes of their own, or parts of a dispatch that runs a submit alone. */
export const submitText: string = `/**
 * A submit begins. All that the host sent gets room, or the device halts until the host has made some. Rounds that
 * went on to be without work have their messages now.
 */
fn rk_begin_now() {
  atomicStore(&rk_status[${status.egress}u], rk_device.egress_start);
  atomicStore(&rk_status[${status.ticks}u], 0u);
  atomicStore(&rk_status[${status.quiet}u], 0u);
  atomicStore(&rk_status[${status.busiest}u], 0u);
  atomicStore(&rk_status[${status.incoming}u], 0u);
  if (rk_device.batch == 0u || atomicLoad(&rk_status[${status.halt}u]) != 0u) { return; }
  let at = atomicLoad(&rk_status[${status.heap}u]);
  if (at + rk_device.batch_words > rk_device.heap_end) {
    atomicStore(&rk_status[${status.halt}u], ${overflow.heap}u);
    return;
  }
  atomicStore(&rk_status[${status.heap}u], at + rk_device.batch_words);
  atomicStore(&rk_status[${status.incoming}u], at);
  atomicAdd(&rk_status[${status.ingested}u], rk_device.batch);
}

/** Takes in one message of the host, into the place that it has among the others. */
fn rk_take_in(index: u32) {
  let incoming = atomicLoad(&rk_status[${status.incoming}u]);
  if (incoming == 0u) { return; }
  let start = rk_batch[${deviceWords}u + rk_device.batch_words + index];
  let words = ${header.words}u + (rk_batch[start + ${header.bytes}u] + 3u) / 4u;
  let at = incoming + start - ${deviceWords}u;
  for (var i = 0u; i < words; i++) { rk_memory[at + i] = rk_batch[start + i]; }
  let page = rk_page(rk_memory[at + ${header.destination}u]);
  rk_send_to(page, atomicLoad(&rk_status[${status.round}u]) & 1u, at);
}

fn rk_stopped() -> bool {
  return atomicLoad(&rk_status[${status.halt}u]) != 0u || atomicLoad(&rk_status[${status.quiet}u]) != 0u;
}

/** Between two rounds: the next one begins, or the device halts until the host has made room. */
fn rk_turn_now() {
  if (rk_stopped()) { return; }
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
