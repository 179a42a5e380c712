import { header, instance, noRecord, overflow, record, status } from './layout.ts';

/** Room in `rk_memory`, and lists of messages, linked through the last word of their headers. */
export const memory: string = `const rk_none = 0xffffffffu;

/** Which part of the memory: messages, or records for the host. */
const rk_heap = 0u;
const rk_egress = 1u;

/**
 * Room for a message or a record; rk_none when there is none, which stops the device after this round. The record that
 * did not fit leaves a mark where the host stops reading.
 */
fn rk_room(words: u32, part: u32) -> u32 {
  let end = select(rk_device.heap_end, rk_device.egress_end, part == rk_egress);
  let bump = ${status.heap}u + part;
  if (atomicLoad(&rk_status[bump]) + words <= end) {
    let at = atomicAdd(&rk_status[bump], words);
    if (at + words <= end) { return at; }
    if (part == rk_egress && at + ${record.words}u <= end) { rk_memory[at + ${record.bytes}u] = ${noRecord}u; }
  }
  atomicOr(&rk_status[${status.overflow}u], select(${overflow.heap}u, ${overflow.egress}u, part == rk_egress));
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

/** Gives a message to the instance of its destination, which is there: it arrives in the round of this parity. */
fn rk_send_to(page: u32, parity: u32, at: u32) {
  let index = rk_memory[at + ${header.destination}u] - rk_directory[page];
  let control = rk_directory[page + 2u];
  let list = control + index * ${instance.words}u + ${instance.arrivals}u + parity;
  let before = atomicExchange(&rk_control[list], at);
  rk_set_link(at, before);
  if (before == 0u) {
    rk_make_due(index, control, rk_directory[page + 1u], rk_directory[page + 3u], parity);
  }
}
`;
