import { header, instance, overflow, status } from './layout.ts';

/** Room in `rk_memory`, and lists of messages, linked through the last word of their headers. */
export const memory: string = `const rk_none = 0xffffffffu;

/** Room for a message; rk_none when there is none, which stops the device after this round. */
fn rk_room(words: u32) -> u32 {
  if (atomicLoad(&rk_status[${status.heap}u]) + words <= rk_device.heap_end) {
    let at = atomicAdd(&rk_status[${status.heap}u], words);
    if (at + words <= rk_device.heap_end) { return at; }
  }
  atomicOr(&rk_status[${status.overflow}u], ${overflow.heap}u);
  return rk_none;
}

/** Room for a record for the host. The one that does not fit leaves a length of 0, where the host stops reading. */
fn rk_host_room(words: u32) -> u32 {
  if (atomicLoad(&rk_status[${status.egress}u]) + words <= rk_device.egress_end) {
    let at = atomicAdd(&rk_status[${status.egress}u], words);
    if (at + words <= rk_device.egress_end) {
      rk_memory[at] = words;
      return at;
    }
    if (at < rk_device.egress_end) { rk_memory[at] = 0u; }
  }
  atomicOr(&rk_status[${status.overflow}u], ${overflow.egress}u);
  return rk_none;
}

fn rk_link(at: u32) -> u32 { return rk_memory[at + ${header.link}u]; }
fn rk_set_link(at: u32, to: u32) { rk_memory[at + ${header.link}u] = to; }

/** Puts a message at the end of a circular list; the word of control has its last. */
fn rk_push(list: u32, at: u32) {
  let last = rk_get(list);
  if (last == 0u) {
    rk_set_link(at, at);
  } else {
    rk_set_link(at, rk_link(last));
    rk_set_link(last, at);
  }
  rk_set(list, at);
}

/** Takes the first away; the list is not empty. */
fn rk_drop_first(list: u32) {
  let last = rk_get(list);
  let first = rk_link(last);
  if (first == last) { rk_set(list, 0u); } else { rk_set_link(last, rk_link(first)); }
}

/** Gives a message to the instance whose control is there: it arrives in the round of this parity. */
fn rk_send_to(control: u32, parity: u32, at: u32) {
  let before = atomicExchange(&rk_control[control + ${instance.arrivals}u + parity], at);
  rk_set_link(at, before);
}
`;
