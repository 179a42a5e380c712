import { noRoom, outputKind } from '@ringkernel/compiler/back-end';
import { type DeadLetterReason, deadLetterReasons } from '@ringkernel/core';
import { counter, header, phase, record, recordKind, wantsReply } from './layout.ts';

export const reasonCode = (reason: DeadLetterReason): number => deadLetterReasons.indexOf(reason);

const asked = (word: number): string => `rk_memory[rk_message - ${header.words - word}u]`;

/**
 * What a handler does is kept in a chain until it returns: messages to actors, records for the host. When there is no
 * room for all of it, nothing of it happens, and the message is handled again later. `rk_open` stands in the text of
 * each output, so it is short: the rest of the heads is written when the handler has returned.
 */
export const output: string = `var<private> rk_state: u32;
var<private> rk_message: u32;
var<private> rk_draws: u32;
var<private> rk_physical: vec2<u32>;
/** Fault of the handler: its place in the order from 1, or 0; the site and the value. */
var<private> rk_fault_place: u32;
var<private> rk_fault_site: u32;
var<private> rk_fault_value: u32;
var<private> rk_aborted: bool;
var<private> rk_first_output: u32;
var<private> rk_last_output: u32;

fn rk_open(kind: u32, message: u32, to: u32, priority: u32, bytes: u32) -> u32 {
  if (rk_aborted) { return ${noRoom}u; }
  var what = kind;
  if (kind == ${outputKind.send}u && !rk_reaches(to)) { what = ${recordKind.deadLetter}u; }
  let words = (bytes + 3u) / 4u + ${header.words}u;
  let at = rk_room(words, select(rk_egress, rk_heap, what == ${outputKind.send}u));
  if (at == rk_none) {
    rk_aborted = true;
    return ${noRoom}u;
  }
  for (var i = ${header.type}u; i < words; i++) { rk_memory[at + i] = 0u; }
  rk_memory[at] = rk_sequence;
  rk_sequence = rk_sequence + 1u;
  rk_memory[at + ${header.type}u] = message;
  rk_memory[at + ${header.bytes}u] = bytes;
  rk_memory[at + ${header.packed}u] = priority | (what << 8u);
  rk_memory[at + ${header.destination}u] = to;
  if (rk_first_output == 0u) { rk_first_output = at; } else { rk_set_link(rk_last_output, at); }
  rk_last_output = at;
  return at + ${header.words}u;
}

fn rk_fault(site: u32, value: u32) {
  if (rk_fault_place != 0u || rk_aborted) { return; }
  rk_sequence = rk_sequence + 1u;
  rk_fault_place = rk_sequence;
  rk_fault_site = site;
  rk_fault_value = value;
}

/** The record of the handler's fault. */
fn rk_record_fault() {
  let sequence = rk_sequence;
  let at = rk_open(${recordKind.fault}u, ${asked(header.type)}, rk_address, 0u, 0u);
  if (rk_aborted) { return; }
  rk_sequence = sequence;
  rk_memory[at - ${header.words}u] = rk_fault_place - 1u;
  rk_memory[at - ${header.words - record.site}u] = rk_fault_site;
  rk_memory[at - ${header.words - record.value}u] = rk_fault_value;
}

/** A message to an actor is complete and on its way. */
fn rk_commit_send(at: u32) {
  rk_memory[at + ${header.packed}u] = rk_memory[at + ${header.packed}u] & 0xffu;
  rk_memory[at + ${header.physicalLow}u] = rk_physical.x;
  rk_memory[at + ${header.physicalHigh}u] = rk_physical.y;
  rk_memory[at + ${header.logical}u] = select(rk_memory[at] & 0xfffu, 0u, rk_device.lockstep != 0u);
  rk_memory[at + ${header.node}u] = rk_device.node;
  let page = rk_page(rk_memory[at + ${header.destination}u]);
  let counters = rk_directory[page + 3u];
  atomicAdd(&rk_status[counters + ${counter.sent}u], 1u);
  atomicAdd(&rk_status[counters + ${counter.pending}u], 1u);
  rk_send_to(page, (rk_round_now + 1u) & 1u, at);
}

/** A record for the host is complete. */
fn rk_commit_record(at: u32, kind: u32) {
  rk_memory[at + ${record.phase}u] = ${phase.handling}u;
  rk_memory[at + ${record.first}u] = rk_address;
  rk_memory[at + ${record.round}u] = rk_round_now;
  var what = kind;
  var detail = 1u;
  if (kind == ${recordKind.reply}u || kind == ${recordKind.fault}u) {
    rk_memory[at + ${record.correlationLow}u] = ${asked(header.correlationLow)};
    rk_memory[at + ${record.correlationHigh}u] = ${asked(header.correlationHigh)};
  }
  if (kind == ${recordKind.reply}u) {
    let packed = ${asked(header.packed)};
    let to = ${asked(header.source)};
    rk_memory[at + ${record.destination}u] = to;
    detail = packed & 3u;
    if ((packed & ${wantsReply}u) == 0u) {
      what = ${recordKind.deadLetter}u;
      detail = (${reasonCode('no-reply-expected')}u << 16u) | (packed & 3u);
    }
  } else if (kind == ${recordKind.deadLetter}u) {
    let nobody = rk_page(rk_memory[at + ${record.destination}u]) == rk_none;
    detail = (select(${reasonCode('tenant-mismatch')}u, ${reasonCode('not-found')}u, nobody) << 16u) |
      (rk_memory[at + ${record.packed}u] & 3u);
    rk_count(${counter.sent}u, 1u);
  }
  rk_memory[at + ${record.packed}u] = detail | (what << 8u);
  if (what == ${recordKind.deadLetter}u) { rk_count(${counter.deadLettered}u + (detail >> 16u), 1u); }
  if (what == ${recordKind.emit}u) { rk_count(${counter.emitted}u, 1u); }
  if (what == ${recordKind.reply}u) { rk_count(${counter.replied}u, 1u); }
}

/** The handler has returned: what it did happens, or nothing of it when there was no room. */
fn rk_finish() {
  var at = rk_first_output;
  while (at != 0u) {
    let next = rk_link(at);
    let kind = (rk_memory[at + ${record.packed}u] >> 8u) & 0xffu;
    rk_memory[at + ${record.source}u] = rk_address;
    if (rk_aborted) {
      rk_memory[at + ${record.packed}u] = 0u;
    } else {
      rk_count(${counter.bytesOut}u, rk_memory[at + ${record.bytes}u]);
      if (kind == ${recordKind.send}u) { rk_commit_send(at); } else { rk_commit_record(at, kind); }
    }
    at = next;
  }
}
`;
