import { deadLetterReasons } from '@ringkernel/core';
import { noRoom, outputKind } from '@ringkernel/compiler';
import { counter, header, instance, phase, record, recordKind, status, wantsReply } from './layout.ts';

export const reasonCode = (reason: (typeof deadLetterReasons)[number]): number =>
  deadLetterReasons.indexOf(reason);

/**
 * What a handler does is kept in two chains until it returns: messages to actors, records for the host. When there is
 * no room for all of it, nothing of it happens, and the message is handled again later.
 */
export const output: string = `var<private> rk_self: u32;
var<private> rk_state: u32;
var<private> rk_message: u32;
var<private> rk_draws: u32;
/** Where this instance's control is, its address, the round, its outputs in it, and the tick's stamp. */
var<private> rk_own: u32;
var<private> rk_address: u32;
var<private> rk_round_now: u32;
var<private> rk_sequence: u32;
var<private> rk_physical: vec2<u32>;
var<private> rk_faulted: bool;
var<private> rk_aborted: bool;
var<private> rk_first_send: u32;
var<private> rk_last_send: u32;
var<private> rk_first_record: u32;
var<private> rk_last_record: u32;

fn rk_count(word: u32, change: u32) {
  atomicAdd(&rk_status[rk_params.counters + word], change);
}

/** A record of this handler, its head written but for what the kinds have of their own. */
fn rk_record(kind: u32, words: u32) -> u32 {
  let at = rk_host_room(words + ${record.words}u);
  if (at == rk_none) {
    rk_aborted = true;
    return at;
  }
  rk_memory[at + ${record.kind}u] = kind;
  rk_memory[at + ${record.phase}u] = ${phase.handling}u;
  rk_memory[at + ${record.first}u] = rk_address;
  rk_memory[at + ${record.second}u] = rk_sequence;
  rk_sequence = rk_sequence + 1u;
  rk_memory[at + ${record.correlationLow}u] = 0u;
  rk_memory[at + ${record.correlationHigh}u] = 0u;
  rk_memory[at + ${record.source}u] = rk_address;
  rk_memory[at + ${record.destination}u] = 0u;
  rk_memory[at + ${record.round}u] = rk_round_now;
  rk_memory[at + ${record.link}u] = 0u;
  if (rk_first_record == 0u) { rk_first_record = at; } else { rk_memory[rk_last_record + ${record.link}u] = at; }
  rk_last_record = at;
  for (var i = 0u; i < words; i++) { rk_memory[at + ${record.words}u + i] = 0u; }
  return at;
}

fn rk_correlate(at: u32) {
  rk_memory[at + ${record.correlationLow}u] = rk_memory[rk_message - ${16 - header.correlationLow}u];
  rk_memory[at + ${record.correlationHigh}u] = rk_memory[rk_message - ${16 - header.correlationHigh}u];
}

fn rk_open_record(kind: u32, message: u32, to: u32, bytes: u32, words: u32) -> u32 {
  let reply = kind == ${outputKind.reply}u;
  let packed = rk_memory[rk_message - ${16 - header.packed}u];
  var to_whom = to;
  var dead = 0u;
  if (kind == ${outputKind.send}u) { dead = ${reasonCode('not-found')}u; }
  if (reply) {
    to_whom = rk_memory[rk_message - ${16 - header.source}u];
    if (to_whom != 0u || (packed & ${wantsReply}u) == 0u) { dead = ${reasonCode('no-reply-expected')}u; }
  }
  let at = rk_record(select(kind, ${recordKind.deadLetter}u, dead != 0u), words);
  if (at == rk_none) { return ${noRoom}u; }
  rk_memory[at + ${record.type}u] = message;
  rk_memory[at + ${record.bytes}u] = bytes;
  rk_memory[at + ${record.detail}u] = select(select(1u, packed & 3u, reply), dead, dead != 0u);
  rk_memory[at + ${record.destination}u] = to_whom;
  if (reply) { rk_correlate(at); }
  return at + ${record.words}u;
}

fn rk_open(kind: u32, message: u32, to: u32, priority: u32, bytes: u32) -> u32 {
  if (rk_aborted) { return ${noRoom}u; }
  let words = (bytes + 3u) / 4u;
  if (kind != ${outputKind.send}u || rk_page(to) == rk_none) {
    return rk_open_record(kind, message, to, bytes, words);
  }
  let at = rk_room(words + ${header.words}u);
  if (at == rk_none) {
    rk_aborted = true;
    return ${noRoom}u;
  }
  rk_memory[at] = rk_sequence;
  rk_sequence = rk_sequence + 1u;
  rk_memory[at + ${header.type}u] = message;
  rk_memory[at + ${header.bytes}u] = bytes;
  rk_memory[at + ${header.packed}u] = priority;
  for (var i = ${header.idLow}u; i < ${header.physicalLow}u; i++) { rk_memory[at + i] = 0u; }
  rk_memory[at + ${header.physicalLow}u] = rk_physical.x;
  rk_memory[at + ${header.physicalHigh}u] = rk_physical.y;
  rk_memory[at + ${header.logical}u] = select(rk_memory[at] & 0xfffu, 0u, rk_device.lockstep != 0u);
  rk_memory[at + ${header.node}u] = rk_device.node;
  rk_memory[at + ${header.source}u] = rk_address;
  rk_memory[at + ${header.destination}u] = to;
  rk_memory[at + ${header.deadline}u] = 0u;
  rk_set_link(at, 0u);
  if (rk_first_send == 0u) { rk_first_send = at; } else { rk_set_link(rk_last_send, at); }
  rk_last_send = at;
  for (var i = 0u; i < words; i++) { rk_memory[at + ${header.words}u + i] = 0u; }
  return at + ${header.words}u;
}

fn rk_fault(site: u32, value: u32) {
  if (rk_faulted || rk_aborted) { return; }
  rk_faulted = true;
  let at = rk_record(${recordKind.fault}u, 0u);
  if (at == rk_none) { return; }
  rk_memory[at + ${record.type}u] = rk_memory[rk_message - ${16 - header.type}u];
  rk_memory[at + ${record.bytes}u] = 0u;
  rk_memory[at + ${record.detail}u] = 0u;
  rk_memory[at + ${record.destination}u] = rk_address;
  rk_memory[at + ${record.site}u] = site;
  rk_memory[at + ${record.value}u] = value;
  rk_correlate(at);
}

/** The handler has returned and there was room: what it did happens. */
fn rk_commit() {
  let parity = (rk_round_now + 1u) & 1u;
  var at = rk_first_send;
  while (at != 0u) {
    let next = rk_link(at);
    let to = rk_memory[at + ${header.destination}u];
    let page = rk_page(to);
    let counters = rk_directory[page + 3u];
    atomicAdd(&rk_status[counters + ${counter.sent}u], 1u);
    atomicAdd(&rk_status[counters + ${counter.pending}u], 1u);
    atomicAdd(&rk_status[${status.work}u], 1u);
    rk_send_to(rk_control_of(to, page), parity, at);
    at = next;
  }
  at = rk_first_record;
  while (at != 0u) {
    let kind = rk_memory[at + ${record.kind}u];
    if (kind == ${recordKind.emit}u) { rk_count(${counter.emitted}u, 1u); }
    if (kind == ${recordKind.reply}u) { rk_count(${counter.replied}u, 1u); }
    if (kind == ${recordKind.emit}u || kind == ${recordKind.reply}u) {
      rk_count(${counter.bytesOut}u, rk_memory[at + ${record.bytes}u]);
    }
    if (kind == ${recordKind.deadLetter}u) {
      let reason = rk_memory[at + ${record.detail}u];
      rk_count(${counter.deadLettered}u + reason, 1u);
      if (reason == ${reasonCode('not-found')}u) { rk_count(${counter.sent}u, 1u); }
    }
    at = rk_memory[at + ${record.link}u];
  }
  if (rk_faulted) {
    rk_set(rk_own + ${instance.failed}u, 1u);
    rk_count(${counter.errors}u, 1u);
  }
}

/** There was no room: nothing of it happens. */
fn rk_take_back() {
  var at = rk_first_record;
  while (at != 0u) {
    rk_memory[at + ${record.kind}u] = ${recordKind.nothing}u;
    at = rk_memory[at + ${record.link}u];
  }
}
`;
