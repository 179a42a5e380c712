// Running an instance: taking its messages in, and handling them one after the other.
#pragma once

#include "rk_turn.h"

#define RK_BATCH 32u  // messages handled before others of the kernel get their turn

RK_DEV bool rk_handle(RkTurn* t, rk_u32 type);

// Adds up what a run counted, and keeps the worker's clock.
RK_DEV void rk_flush(RkTurn* t, RkWorker* worker, rk_u64 busy_ns) {
  RkKernel* k = t->kernel;
  *worker = t->clock;
  if (t->own_sent) rk_count(k, RK_COUNT_SENT, t->own_sent);
  if (t->handled) rk_count(k, RK_COUNT_HANDLED, t->handled);
  if (t->pending) rk_count(k, RK_COUNT_PENDING, t->pending);
  if (t->emitted) rk_count(k, RK_COUNT_EMITTED, t->emitted);
  if (t->replied) rk_count(k, RK_COUNT_REPLIED, t->replied);
  if (t->bytes_in) rk_count(k, RK_COUNT_BYTES_IN, t->bytes_in);
  if (t->bytes_out) rk_count(k, RK_COUNT_BYTES_OUT, t->bytes_out);
  if (busy_ns) rk_count(k, RK_COUNT_BUSY_NS, busy_ns);
}

RK_DEV void rk_measure(RkKernel* k, rk_u64 now_us, rk_u64 sent_us) {
  const rk_u64 passed = now_us > sent_us ? now_us - sent_us : 0u;
  const rk_u32 us = passed > 0xffffffffu ? 0xffffffffu : (rk_u32)passed;
  rk_u32 bucket = us;
  if (us >= 16u) {
    rk_u32 log = 31u;
    while (!(us >> log)) log--;
    bucket = ((log - 4u + 1u) << 4) + ((us >> (log - 4u)) & 15u);
  }
  rk_tally(k->latency + RKN_BUCKETS + bucket, 1ull);
  rk_tally(k->latency + RKN_SUM, (rk_u64)us);
  rk_tally_max((rk_u32*)(k->latency + RKN_MINIMUM), ~us);
  rk_tally_max((rk_u32*)(k->latency + RKN_MAXIMUM), us);
}

RK_DEV void rk_report_fault(RkTurn* t, RkMail* mail) {
  RkHeader* m = t->scratch;
  rk_copy_words((rk_u32*)m, (const rk_u32*)t->asked, 16u);
  m->bytes = 8u;
  m->source = t->self;
  m->destination = t->self;
  rk_payload(m)[0] = t->site;
  rk_payload(m)[1] = t->value;
  mail->failed = 1u;
  rk_count(t->kernel, RK_COUNT_ERRORS, 1u);
  rk_tell(t->world, m, RKR_FAULT, 0);
  const rk_u32 lane = rk_lane_of(t->asked);
  if (lane != 0u && (rk_flags(t->asked) & RK_REPLY_WANTED) != 0u) rk_tell_lane(t->world, lane, m, RKR_FAULT, 0);
}

// With a time limit the dispatcher sees since when each worker has been in a handler, and of which address.
RK_DEV void rk_begin_beat(RkTurn* t) {
  if (t->world->timeout_ns == 0u) return;
  t->begun_ns = rk_clock_ns();
  t->rounds = RK_ROUNDS;
  t->overtime = 0;
  if (t->world->lockstep) {  // no dispatcher: the host looks by itself, one handler after the other
    rk_store_relaxed_sys(t->world->control + RKW_HANDLING, t->self);
    rk_store_relaxed_sys(t->world->control + RKW_HANDLERS, ++t->world->handlers);
    return;
  }
  rk_store_relaxed(t->beat, (rk_u64)t->self << 32 | (rk_u32)(t->begun_ns / 1000000u));
}

RK_DEV void rk_end_beat(RkTurn* t) {
  if (t->world->timeout_ns != 0u) rk_store_relaxed(t->beat, (rk_u64)0);
}

RK_DEV void rk_handle_one(RkTurn* t, RkMail* mail, rk_u32 node) {
  RkWorld* w = t->world;
  RkHeader* m = rk_node(w, node);
  const rk_u64 now = rk_now_us(w);
  if (mail->failed) {
    rk_end_buried(w, t->kernel, node, RK_INSTANCE_FAILED);
    return;
  }
  const rk_u64 now_ms = w->lockstep ? now : (now - w->epoch_us) / 1000u;
  if (m->deadline_ms != 0u && (int)((rk_u32)now_ms - m->deadline_ms) > 0) {  // both wrap
    rk_end_buried(w, t->kernel, node, RK_EXPIRED);
    return;
  }
  rk_merge(&t->clock, now, 0);
  if (!w->lockstep) {
    rk_merge(&t->clock, m->physical, m->logical);
    rk_measure(t->kernel, now, m->physical);
  }
  t->asked = m;
  t->message = (const rk_u8*)rk_payload(m);
  t->sender = m->source;
  t->now = (m->physical << 12) + m->logical;
  t->faulted = 0;
  const rk_u32 state_quads = t->kernel->state_stride >> 4;
  if (t->before != 0) rk_copy_quads((RkQuad*)t->before, (const RkQuad*)t->state, state_quads);
  rk_begin_beat(t);
  const bool known = rk_handle(t, m->type);
  rk_end_beat(t);
  rk_finish(t);
  if (t->faulted && t->before != 0) rk_copy_quads((RkQuad*)t->state, (const RkQuad*)t->before, state_quads);
  if (t->faulted) rk_report_fault(t, mail);
  if (known) {
    t->handled++;
    t->bytes_in += m->bytes;
    t->pending--;
    rk_give_node(t, node);
  } else {
    rk_end_buried(w, t->kernel, node, RK_INVALID);
  }
}

RK_DEV void rk_start_turns(RkTurn* t, RkWorld* w, RkKernel* k, rk_u32 instance, rk_u32 worker) {
  RkMail* mail = k->mail + instance;
  t->state = k->states + (rk_u64)instance * k->state_stride;
  t->before = k->before == 0 ? 0 : k->before + (rk_u64)worker * k->state_stride;
  t->self = k->base + instance;
  t->index = instance;
  t->instances = k->instances;
  t->base = k->base;
  t->seed = w->seed;
  t->draws = &mail->draws;
  t->world = w;
  t->kernel = k;
  t->scratch = (RkHeader*)(k->scratch + (rk_u64)worker * w->node_bytes);
  t->open_kind = RK_OPEN_NONE;
  t->clock_node = w->clock_node + k->first_worker + worker;
  t->clock = k->clocks[worker];
  t->beat = k->beats + worker;
  t->handled = t->emitted = t->replied = t->bytes_in = t->bytes_out = t->pending = t->own_sent = 0;
  rk_merge(&t->clock, mail->physical, mail->logical);
}

RK_DEV void rk_end_turns(RkTurn* t, rk_u32 instance, rk_u32 worker, rk_u64 busy_ns) {
  RkMail* mail = t->kernel->mail + instance;
  mail->physical = t->clock.physical;
  mail->logical = t->clock.logical;
  rk_flush(t, t->kernel->clocks + worker, busy_ns);
}

// Sends a copy of the state to the host, in as many records as it takes.
RK_DEV void rk_show_state(RkTurn* t, rk_u32 token) {
  const rk_u32 room = t->world->node_bytes - 64u;
  const rk_u32 size = t->kernel->state_bytes;
  for (rk_u32 at = 0; at == 0u || at < size; at += room) {
    rk_u32 ticket;
    RkHeader* slot = rk_ring_claim(t->world, &ticket);
    if (slot == 0) return;
    slot->bytes = size - at < room ? size - at : room;
    slot->deadline_ms = at;
    slot->packed = RKR_ANSWER << 16;
    slot->extra = token;
    rk_copy_quads((RkQuad*)rk_payload(slot), (const RkQuad*)(t->state + at), rk_quads(slot->bytes));
    rk_ring_publish(slot, ticket);
  }
}

// Does what the host asks of an instance; `extra` is the token of the answer, 0 as long as there is more to come.
RK_DEV void rk_obey(RkTurn* t, RkMail* mail, RkHeader* m) {
  const rk_u32 what = rk_flags(m) >> 8;
  if (what == RKL_READ) return rk_show_state(t, m->extra);
  if (what == RKL_RETIRE) {
    rk_retire_instance(t->world, t->kernel, mail);
  } else {  // a part of its first state
    rk_copy_words((rk_u32*)(t->state + m->deadline_ms), rk_payload(m), rk_words(m->bytes));
    if (m->extra == 0u) return;
    rk_spawn_instance(mail);
  }
  rk_answer(t->world, m->extra);
}

// What has arrived, newest first. Whoever asks runs the instance from now on, and sees all that was done to it before.
RK_DEV rk_u32 rk_take_arrivals(RkMail* mail) { return rk_exchange_acquire(&mail->arrivals, RK_NIL); }

// Takes it in, oldest first.
RK_DEV void rk_intake(RkTurn* t, RkMail* mail, rk_u32 top) {
  RkWorld* w = t->world;
  rk_u32 oldest = RK_NIL;
  while (top != RK_NIL) {
    RkHeader* m = rk_node(w, top);
    const rk_u32 next = m->link;
    m->link = oldest;
    oldest = top;
    top = next;
  }
  while (oldest != RK_NIL) {
    const rk_u32 node = oldest;
    RkHeader* m = rk_node(w, node);
    oldest = m->link;
    if (rk_flags(m) >> 8 != RKL_MESSAGE) {
      rk_obey(t, mail, m);
      rk_free(w, node);
    } else {
      rk_admit(w, t->kernel, mail, node);
    }
  }
}

// Whether the instance has failed and its messages wait for a restart.
RK_DEV bool rk_held(const RkKernel* k, const RkMail* mail) { return k->holds != 0u && mail->failed != 0u; }

// Runs one instance: what has arrived is taken in, then as many messages as a batch has are handled.
RK_DEV void rk_run_instance(RkWorld* w, RkKernel* k, rk_u32 instance, rk_u32 worker) {
  RkMail* mail = k->mail + instance;
  // Entered before the arrivals are taken: what was sent before an activation is seen by whoever sees the activation.
  const bool stopped = (rk_add_acquire(&k->gate, 1u) & RK_STOPPED) != 0u;
  const rk_u32 arrived = rk_take_arrivals(mail);
  RkTurn t;
  rk_start_turns(&t, w, k, instance, worker);
  const rk_u64 begun = rk_clock_ns();
  rk_intake(&t, mail, arrived);
  for (rk_u32 i = 0; !stopped && !rk_held(k, mail) && i < RK_BATCH; i++) {
    const rk_u32 node = rk_next(w, mail);
    if (node == RK_NONE) break;
    rk_handle_one(&t, mail, node);
    rk_admit_parked(w, k, mail);
  }
  const rk_u32 left = mail->waiting;  // before anybody else may run the instance
  const bool rests = stopped || rk_held(k, mail);
  const bool busy = t.handled != 0;
  rk_end_turns(&t, instance, worker, busy ? rk_clock_ns() - begun : 0u);
  rk_show_depth(k, instance);
  if (!rests && left > 0u) {
    rk_ready(k, instance);
    rk_add_release(&k->gate, 0xffffffffu);
    return;
  }
  if (left > 0u) rk_add(&k->resting, 1u);
  if (rk_compare_exchange_release(&mail->arrivals, RK_NIL, RK_IDLE) != RK_NIL) {
    rk_ready(k, instance);
    rk_add_release(&k->gate, 0xffffffffu);
    return;
  }
  // Activated meanwhile: the dispatcher may have looked before this instance came to rest.
  const bool active = (rk_add(&k->gate, 0xffffffffu) & RK_STOPPED) == 0u;
  if (left > 0u && stopped && active && rk_compare_exchange_release(&mail->arrivals, RK_IDLE, RK_NIL) == RK_IDLE) rk_schedule(w, k, instance);
  rk_unschedule(w, k);
}
