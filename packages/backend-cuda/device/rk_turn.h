// What a handler sees, and what it asks for. The program's text comes behind this and defines `rk_handle`.
#pragma once

#include "rk_mailbox.h"

#define RK_ID_BLOCK 256u
#define RK_ROUNDS 4096u  // rounds of loops between two looks at the clock

// One handling of one message. The handler uses the first part; the engine keeps the rest.
struct RkTurn {
  rk_u8* state;
  const rk_u8* message;  // the payload
  rk_u32 self, sender, index, instances, base, seed;
  rk_u64 now;  // stamp of the message: (microseconds << 12) + logical
  rk_u32* draws;
  void* group;  // what the lanes share, and this lane in a section: of programs for a group of lanes
  void* lane;

  RkWorld* world;
  RkKernel* kernel;
  RkHeader* asked;
  RkHeader* scratch;
  rk_u8* before;  // with rollback: the state as the handler found it
  // The message being written: where, as what, and to whom. Finished when the next begins or the handler returns.
  RkHeader* open;
  RkKernel* target;
  rk_u32 open_kind, open_node, open_top;
  rk_u32 faulted, site, value, clock_node;
  rk_u32 rounds, overtime;
  rk_u64* beat;
  rk_u64 begun_ns;  // when the handler began, with a time limit
  RkWorker clock;
  // Counted here and added up once for a run.
  rk_u64 handled, emitted, replied, bytes_in, bytes_out, pending, own_sent;
};

#define RK_OPEN_NONE 0u
#define RK_OPEN_SEND 1u
#define RK_OPEN_LOST 2u
#define RK_OPEN_REPLY 3u
#define RK_OPEN_EMIT 4u
#define RK_OPEN_UNWANTED 5u
#define RK_OPEN_FULL 6u
#define RK_OPEN_SPILL 7u
#define RK_OPEN_FOREIGN 8u

RK_DEV rk_u64 rk_next_id(RkTurn* t) {
  if (t->clock.next_id == t->clock.last_id) {
    t->clock.next_id = rk_add_relaxed(&t->world->ids, (rk_u64)RK_ID_BLOCK);
    t->clock.last_id = t->clock.next_id + RK_ID_BLOCK;
  }
  return t->world->id_base | (t->clock.next_id++ & 0xffffffffffull);
}

// The clock is not before this any more.
RK_DEV void rk_merge(RkWorker* c, rk_u64 physical, rk_u32 logical) {
  if (physical > c->physical) {
    c->physical = physical;
    c->logical = logical;
  } else if (physical == c->physical && logical > c->logical) {
    c->logical = logical;
  }
}

// The next stamp; in lockstep all of a round have the same.
RK_DEV void rk_tick(RkTurn* t) {
  if (t->world->lockstep) return;
  if (++t->clock.logical <= 4095u) return;
  t->clock.logical = 0;
  t->clock.physical++;
}

RK_DEV void rk_append_transit(RkWorld* w, rk_u32 node) {
  rk_append(w, &w->transit_first, &w->transit_last, node);
}

// No node is free: the host keeps the message, and sends it back in its order when there is one. Until then all that
// this instance sends goes the same way, behind it.
RK_DEV void rk_spill(RkTurn* t, RkHeader* m) {
  rk_count_scheduled(t->world, t->target);
  RkMail* own = t->kernel->mail + t->index;
  rk_tally(&own->spilled, 1u);
  own->behind = 1u;
  rk_tell(t->world, m, RKR_SPILL, m->extra);
}

RK_DEV void rk_finish(RkTurn* t) {
  const rk_u32 kind = t->open_kind;
  RkHeader* m = t->open;
  t->open_kind = RK_OPEN_NONE;
  if (kind == RK_OPEN_NONE) return;
  t->bytes_out += m->bytes;
  if (kind == RK_OPEN_SEND) {
    if (t->world->lockstep) {
      rk_append_transit(t->world, t->open_node);
    } else {
      rk_deliver(t->world, t->target, m->destination - t->target->base, t->open_node, t->open_node, t->open_top);
    }
  } else if (kind == RK_OPEN_LOST) {
    rk_bury(t->world, t->kernel, m, RK_NOT_FOUND);
  } else if (kind == RK_OPEN_FOREIGN) {
    rk_bury(t->world, t->kernel, m, RK_TENANT_MISMATCH);
  } else if (kind == RK_OPEN_UNWANTED) {
    rk_bury(t->world, t->kernel, m, RK_NO_REPLY_EXPECTED);
  } else if (kind == RK_OPEN_FULL) {
    rk_bury(t->world, t->target, m, RK_QUEUE_FULL);
    rk_count(t->target, RK_COUNT_PENDING, ~0ull);
  } else if (kind == RK_OPEN_SPILL) {
    rk_spill(t, m);
  } else if (kind == RK_OPEN_REPLY) {
    const rk_u32 lane = rk_lane_of(t->asked);
    if (lane == 0u) {
      rk_tell(t->world, m, RKR_REPLY, 0);
    } else if (!rk_tell_lane(t->world, lane, m, RKR_REPLY, 0)) {
      return rk_bury(t->world, t->kernel, m, RK_OUTPUT_FULL);
    }
    t->replied++;
  } else {
    t->emitted++;
    rk_tell(t->world, m, RKR_EMIT, 0);
  }
}

// Writes the header, zeroes the payload.
RK_DEV rk_u8* rk_begin(RkTurn* t, RkHeader* m, rk_u32 kind, rk_u32 type, rk_u32 size, rk_u32 priority) {
  rk_tick(t);
  m->type = type;
  m->bytes = size;
  m->packed = priority;
  m->id = rk_next_id(t);
  m->correlation = 0;
  m->physical = t->clock.physical;
  m->logical = t->clock.logical;
  m->node = t->clock_node;
  m->source = t->self;
  m->destination = 0;
  m->deadline_ms = 0;
  m->extra = 0;
  t->open = m;
  t->open_kind = kind;
  rk_u32* payload = rk_payload(m);
  for (rk_u32 i = 0; i < rk_words(size); i++) payload[i] = 0;
  return (rk_u8*)payload;
}

// Larger than any kernel of the device takes: nobody can have this message, so it has lost its payload already.
RK_DEV rk_u8* rk_send_oversized(RkTurn* t, rk_u32 destination, rk_u32 type) {
  t->own_sent++;
  rk_begin(t, t->scratch, RK_OPEN_LOST, type, 0u, 0u);
  t->scratch->destination = destination;
  rk_finish(t);
  return 0;
}

// Whether messages of this instance are with the host still, so that the next has to go behind them.
RK_DEV bool rk_is_behind(RkTurn* t) {
  RkMail* own = t->kernel->mail + t->index;
  if (own->behind != 0u && rk_load_acquire(&own->spilled) == 0u) own->behind = 0;
  return own->behind != 0u;
}

// A node for a message: the one that this worker kept, or one of the free ones.
RK_DEV bool rk_take_node(RkTurn* t, rk_u32* node) {
  if (t->clock.spare == 0u) return rk_allocate(t->world, node);
  *node = t->clock.spare - 1u;
  t->clock.spare = 0;
  return true;
}

// The node is free: this worker keeps one for what it sends next, where there are many more than workers.
RK_DEV void rk_give_node(RkTurn* t, rk_u32 node) {
  if (t->kernel->keeps_spares != 0u && t->clock.spare == 0u) {
    t->clock.spare = node + 1u;
  } else {
    rk_free(t->world, node);
  }
}

// The kernel that has an address: most send to their own.
RK_DEV RkKernel* rk_target(const RkTurn* t, rk_u32 address) {
  return address - t->base < t->instances ? t->kernel : rk_kernel_of(t->world, address);
}

// Each of these returns the payload of a message to be written by the handler before it calls another or returns.
RK_DEV rk_u8* rk_send(RkTurn* t, rk_u32 destination, rk_u32 type, rk_u32 size, rk_u32 priority) {
  rk_finish(t);
  RkKernel* target = rk_target(t, destination);
  if (size > t->world->node_bytes - 64u) return rk_send_oversized(t, destination, type);
  rk_u32 kind = RK_OPEN_LOST;
  RkHeader* m = t->scratch;
  rk_u32 life = 0;
  if (target != 0 && target->tenant != t->kernel->tenant) {
    kind = RK_OPEN_FOREIGN;
    t->own_sent++;
  } else if (target != 0) {
    rk_count(target, RK_COUNT_SENT, 1u);
    rk_count(target, RK_COUNT_PENDING, 1u);
    // Looked at now, while the handler has something to write.
    RkMail* mail = target->mail + (destination - target->base);
    life = rk_life(mail);
    t->open_top = rk_load_relaxed(&mail->arrivals);
    kind = t->world->lockstep ? RK_OPEN_FULL : RK_OPEN_SPILL;
    if (!rk_is_behind(t) && rk_take_node(t, &t->open_node)) {
      kind = RK_OPEN_SEND;
      m = rk_node(t->world, t->open_node);
    }
  } else {
    t->own_sent++;
  }
  t->target = target;
  rk_u8* payload = rk_begin(t, m, kind, type, size, priority);
  m->destination = destination;
  m->extra = life;
  return payload;
}

RK_DEV rk_u8* rk_reply(RkTurn* t, rk_u32 type, rk_u32 size) {
  rk_finish(t);
  const RkHeader* asked = t->asked;
  const bool wanted = (rk_flags(asked) & RK_REPLY_WANTED) != 0u;
  const rk_u32 kind = wanted ? RK_OPEN_REPLY : RK_OPEN_UNWANTED;
  rk_u8* payload = rk_begin(t, t->scratch, kind, type, size, rk_priority(asked));
  t->scratch->correlation = asked->correlation;
  t->scratch->destination = asked->source;
  return payload;
}

RK_DEV rk_u8* rk_emit(RkTurn* t, rk_u32 type, rk_u32 size) {
  rk_finish(t);
  return rk_begin(t, t->scratch, RK_OPEN_EMIT, type, size, 1u);
}

// The first fault of a handler counts.
RK_DEV void rk_fault(RkTurn* t, rk_u32 site, rk_u32 value) {
  if (t->faulted) return;
  t->faulted = 1u;
  t->site = site;
  t->value = value;
}

// Called in each round of a loop: whether the handler has had its time and has to return.
RK_DEV bool rk_overtime(RkTurn* t) {
  if (t->overtime) return true;
  if (--t->rounds != 0u) return false;
  t->rounds = RK_ROUNDS;
  const bool late = rk_clock_ns() - t->begun_ns >= t->world->timeout_ns;
  if (!late && rk_load_relaxed(&t->world->stop) != RKC_KILL) return false;
  t->overtime = 1u;
  t->faulted = 0;  // whatever it was before, this is why it ends
  rk_fault(t, RKF_OVERTIME, 0);
  return true;
}
