// What all kernels of a device share: message nodes, who has which address, time, ids, and the ring to the host.
#pragma once

#include "rk_port.h"
#include "rk_layout.h"
#include "rk_queue.h"

#define RK_NONE 0xffffffffu     // no node
#define RK_IDLE 0xffffffffu     // arrivals: none, and the instance is on no queue
#define RK_NIL 0xfffffffeu      // arrivals: none, and the instance is on a queue or being run
#define RK_STOPPED 0x80000000u  // gate: messages are taken in and not handled
#define RK_REPLY_WANTED 1u

#define RK_QUEUE_FULL 1u
#define RK_NOT_FOUND 2u
#define RK_EXPIRED 3u
#define RK_TERMINATED 4u
#define RK_INSTANCE_FAILED 5u
#define RK_INVALID 6u
#define RK_NO_REPLY_EXPECTED 8u
#define RK_OUTPUT_FULL 10u
#define RK_TENANT_MISMATCH 11u

#define RK_COUNT_SENT 0
#define RK_COUNT_HANDLED 1
#define RK_COUNT_DEAD 3
#define RK_COUNT_PENDING 15
#define RK_COUNT_PARKED 16
#define RK_COUNT_EMITTED 17
#define RK_COUNT_REPLIED 18
#define RK_COUNT_ERRORS 19
#define RK_COUNT_MAX_DEPTH 20
#define RK_COUNT_BUSY_NS 21
#define RK_COUNT_BYTES_IN 22
#define RK_COUNT_BYTES_OUT 23

// A message at rest: core's header of 64 bytes, then the payload. `link` is the sequence of a slot of the ring, and
// the next node everywhere else; `extra` is the reason of a dead letter.
struct alignas(16) RkHeader {
  rk_u32 link, type, bytes, packed;
  rk_u64 id, correlation, physical;
  rk_u32 logical, node, source, destination, deadline_ms, extra;
};
static_assert(sizeof(RkHeader) == 64, "header");

RK_DEV rk_u32 rk_priority(const RkHeader* m) { return m->packed & 3u; }
RK_DEV rk_u32 rk_flags(const RkHeader* m) { return m->packed >> 16; }
// Who put it where it is: 0, the host, also when it has passed a router and carries somebody else's address.
RK_DEV rk_u32 rk_origin(const RkHeader* m) { return (m->packed & 0xff00u) != 0u ? 0u : m->source; }
// By which lane it came from the host: 0 is that of the thread that opened the device.
RK_DEV rk_u32 rk_lane_of(const RkHeader* m) { return (rk_flags(m) >> RKF_LANE_SHIFT) & RKF_LANE_MASK; }
RK_DEV rk_u32* rk_payload(RkHeader* m) { return (rk_u32*)(m + 1); }
RK_DEV rk_u32 rk_words(rk_u32 bytes) { return (bytes + 3u) >> 2; }

RK_DEV RkHeader* rk_node(const RkWorld* w, rk_u32 index) {
  return (RkHeader*)(w->nodes + (rk_u64)index * w->node_bytes);
}

RK_DEV void rk_copy_words(rk_u32* to, const rk_u32* from, rk_u32 words) {
  for (rk_u32 i = 0; i < words; i++) to[i] = from[i];
}

RK_DEV rk_u32 rk_quads(rk_u32 bytes) { return (bytes + 15u) >> 4; }

// Four quads are under way at once: a thread that copied one by one would wait as often for memory, which may be the host's.
RK_DEV void rk_copy_quads(RkQuad* to, const RkQuad* from, rk_u32 quads) {
  for (rk_u32 at = 0; at < quads; at += 4u) {
    RkQuad q[4];
#pragma unroll
    for (rk_u32 i = 0; i < 4u; i++) {
      if (at + i < quads) q[i] = from[at + i];
    }
#pragma unroll
    for (rk_u32 i = 0; i < 4u; i++) {
      if (at + i < quads) to[at + i] = q[i];
    }
  }
}

// Microseconds of the wall; in lockstep the round.
RK_DEV rk_u64 rk_now_us(const RkWorld* w) {
  return w->lockstep ? (rk_u64)w->round : rk_clock_ns() / 1000u + w->clock_offset_us;
}

// The range that has an address, of a sorted list, or null.
RK_DEV const RkRange* rk_range_of(const RkRange* ranges, rk_u32 count, rk_u32 address) {
  rk_u32 low = 0, high = count;
  while (low < high) {
    const rk_u32 middle = (low + high) >> 1;
    if (ranges[middle].end <= address) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low == count || address < ranges[low].base ? 0 : ranges + low;
}

// The kernel that has an address, or null when nobody does.
RK_DEV RkKernel* rk_kernel_of(const RkWorld* w, rk_u32 address) {
  const RkRange* range = rk_range_of(w->ranges, w->range_count, address);
  if (range == 0) return 0;
  RkKernel* k = w->kernels + range->kernel;
  return rk_load_relaxed(&k->closed) ? 0 : k;
}

// A worker or the dispatcher begins to run. The last of them says so to the host: a launch may have found no room.
RK_DEV void rk_begin_running(RkWorld* w) {
  if (rk_add(&w->started, 1u) + 1u == w->starting) rk_store_release_sys(w->control + RKW_STARTED, w->launch);
}

RK_DEV void rk_count(RkKernel* k, rk_u32 what, rk_u64 change) { rk_tally(k->counters + what, change); }

// A slot of the ring to the host, reserved: to be filled and published. Waits for room; null when all is to end.
RK_DEV RkHeader* rk_ring_claim(RkWorld* w, rk_u32* ticket) {
  const rk_u32 at = rk_add_relaxed(&w->ring_tail, 1u);
  while (at - rk_load_acquire(&w->ring_head) > w->ring_mask) {
    const rk_u32 head = rk_load_acquire_sys(w->control + RKW_RING_HEAD);
    rk_store_release(&w->ring_head, head);
    if (at - head <= w->ring_mask) break;
    if (rk_load_relaxed_sys(w->control + RKW_COMMAND) == RKC_KILL) return 0;
    rk_sleep(2000);
  }
  *ticket = at;
  return (RkHeader*)(w->ring + (rk_u64)(at & w->ring_mask) * w->node_bytes);
}

RK_DEV void rk_ring_publish(RkHeader* slot, rk_u32 ticket) { rk_store_release_sys(&slot->link, ticket + 1u); }

// Copies a message to a slot as a record of this kind. The host looks at the slot's sequence meanwhile, so that is left out.
RK_DEV void rk_write_record(RkHeader* slot, rk_u32 ticket, const RkHeader* m, rk_u32 kind, rk_u32 extra) {
  RkHeader header = *m;
  header.extra = extra;
  slot->type = header.type;
  slot->bytes = header.bytes;
  slot->packed = (header.packed & 0xffffu) | (kind << 16);
  rk_copy_quads((RkQuad*)slot + 1, (const RkQuad*)&header + 1, 3u);
  rk_copy_quads((RkQuad*)(slot + 1), (const RkQuad*)(m + 1), rk_quads(header.bytes));
  rk_ring_publish(slot, ticket);
}

// Tells the host of a message.
RK_DEV void rk_tell(RkWorld* w, RkHeader* m, rk_u32 kind, rk_u32 extra) {
  rk_u32 ticket;
  RkHeader* slot = rk_ring_claim(w, &ticket);
  if (slot != 0) rk_write_record(slot, ticket, m, kind, extra);
}

// Copies a message to the ring of the thread that has a lane. False when that has no room: nobody waits for a thread that
// may be doing something else.
RK_DEV bool rk_tell_lane(RkWorld* w, rk_u32 number, const RkHeader* m, rk_u32 kind, rk_u32 extra) {
  RkHostLane* lane = w->host_lanes + (number - 1u);
  rk_u32 at = rk_load_relaxed(&lane->ring_tail);
  for (;;) {
    // Signed: the head is past a tail that others have moved on meanwhile.
    if ((int)(at - rk_load_acquire_sys(lane->control + RKH_RING_HEAD)) > (int)w->ring_mask) return false;
    const rk_u32 found = rk_compare_exchange_relaxed(&lane->ring_tail, at, at + 1u);
    if (found == at) break;
    at = found;
  }
  RkHeader* slot = (RkHeader*)(lane->ring + (rk_u64)(at & w->ring_mask) * w->node_bytes);
  rk_write_record(slot, at, m, kind, extra);
  return true;
}

// Whoever sent the message by a lane of its own, and waits for a reply, is told that none will come; when its ring has no
// room it finds out by itself, after the time it gives a call.
RK_DEV void rk_tell_caller(RkWorld* w, const RkHeader* m, rk_u32 kind, rk_u32 extra) {
  const rk_u32 lane = rk_lane_of(m);
  if (lane == 0u || (rk_flags(m) & RK_REPLY_WANTED) == 0u) return;
  rk_tell_lane(w, lane, m, kind, extra);
}

// Answers a request of the host: `extra` is its token.
RK_DEV void rk_answer(RkWorld* w, rk_u32 token) {
  rk_u32 ticket;
  RkHeader* slot = rk_ring_claim(w, &ticket);
  if (slot == 0) return;
  slot->bytes = 0;
  slot->packed = RKR_ANSWER << 16;
  slot->extra = token;
  rk_ring_publish(slot, ticket);
}

// The message goes to the dead letters of kernel `k`.
RK_DEV void rk_bury(RkWorld* w, RkKernel* k, RkHeader* m, rk_u32 reason) {
  rk_count(k, RK_COUNT_DEAD + reason, 1u);
  rk_tell(w, m, RKR_DEAD_LETTER, reason);
}
