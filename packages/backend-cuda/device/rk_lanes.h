// How the dispatcher takes what the host sends. A read of the host's memory takes about a microsecond, so the lanes of a
// warp read together: all tails at once, then one message each, and each delivers its own.
#pragma once

#include "rk_run.h"

// A lane of the host, as the dispatcher knows it. The first is that of the thread that opened the device.
struct RkSource {
  const rk_u8* slots;
  rk_u32* control;
  RkHostLane* lane;         // null for the first
  rk_u32 head, tail, told;  // `told`: how much the host knows to be taken
};

// What the lanes of the warp share, from the begin of the kernels to their end. All of them go the same way through all that
// follows: nothing that one of them may have read to choose its way is written before they have met.
struct RkDispatcher {
  RkHeader headers[RK_WARP];  // of the messages at hand, one for each lane
  const rk_u8* slots[RK_WARP];
  rk_u32 from[RK_WARP];         // index of the source
  rk_u32 destination[RK_WARP];  // 0: of nobody
  rk_u32 spares[RK_WARP];       // free nodes that the dispatcher has taken
  RkSource sources[RKX_SOURCES];
  RkRange ranges[RKX_KERNELS];
  const RkHeader* request;  // the next record of the first lane, when that is none to deliver; else null
  rk_u32 source_count, range_count, spare_count, most_spares, batches;
  rk_u32 at, count, accepted;  // what one lane tells the others
  rk_u32 command, epoch, activate_token;
  RkKernel* wakes;   // whose instances at rest are to run
  rk_u32 activated;  // whether that is to be answered
  // Of the first lane: how many kernels drain, and which worker it looks at next.
  rk_u32 draining, range, worker;
};

RK_DEV void rk_begin_sources(RkWorld* w, RkDispatcher* own) {
  for (rk_u32 s = RK_WARP_LANE; s <= w->host_lane_count; s += RK_WARP) {
    RkSource* from = own->sources + s;
    RkHostLane* lane = s == 0u ? 0 : w->host_lanes + (s - 1u);
    from->lane = lane;
    from->slots = lane == 0 ? w->lane : lane->slots;
    from->control = lane == 0 ? w->control : lane->control;
    from->head = from->tail = from->told = lane == 0 ? w->lane_head : lane->head;
  }
}

// Kernels come and go only while nothing runs.
RK_DEV void rk_begin_ranges(RkWorld* w, RkDispatcher* own) {
  for (rk_u32 r = RK_WARP_LANE; r < w->range_count; r += RK_WARP) {
    own->ranges[r] = w->ranges[r];
    if (rk_load_relaxed(&w->kernels[w->ranges[r].kernel].closed) != 0u) own->ranges[r].end = own->ranges[r].base;
  }
}

RK_DEV void rk_begin_dispatcher(RkWorld* w, RkDispatcher* own) {
  rk_begin_sources(w, own);
  rk_begin_ranges(w, own);
  if (RK_WARP_LANE == 0u) {
    own->source_count = w->host_lane_count + 1u;
    own->range_count = w->range_count;
    own->spare_count = own->batches = own->draining = own->range = own->worker = 0;
    // A small pool is left to the actors.
    own->most_spares = w->node_count / 8u < RK_WARP ? (w->node_count < 8u ? 1u : w->node_count / 8u) : RK_WARP;
    own->request = 0;
    own->wakes = 0;
    own->activated = 0;
    for (rk_u32 i = 0; i < w->range_count; i++) own->draining += w->kernels[w->ranges[i].kernel].drain_token != 0u;
  }
  rk_sync_warp();
}

// Tells the host what was taken. It waits until all that was written is there, so while there is more to take only now and
// then.
RK_DEV void rk_tell_heads(RkWorld* w, RkDispatcher* own, bool all) {
  for (rk_u32 s = RK_WARP_LANE; s < own->source_count; s += RK_WARP) {
    RkSource* from = own->sources + s;
    if (from->head - from->told <= (all ? 0u : w->lane_mask >> 2)) continue;
    from->told = from->head;
    if (from->lane == 0) {
      w->lane_head = from->head;
    } else {
      from->lane->head = from->head;
      rk_store_relaxed_sys(from->control + RKH_UNDELIVERED, rk_load_relaxed(&from->lane->undelivered));
    }
    rk_store_release_sys(from->control + RKW_LANE_HEAD, from->head);
  }
}

// What the dispatcher has for itself goes back.
RK_DEV void rk_end_dispatcher(RkWorld* w, RkDispatcher* own) {
  rk_sync_warp();
  rk_tell_heads(w, own, true);
  if (RK_WARP_LANE < own->spare_count) rk_queue_push(&w->free, own->spares[RK_WARP_LANE]);
  rk_sync_warp();
}

// Reads what the host wants and how far its lanes are.
RK_DEV void rk_poll(RkDispatcher* own) {
  for (rk_u32 s = RK_WARP_LANE; s < own->source_count; s += RK_WARP) {
    RkSource* from = own->sources + s;
    const RkQuad seen = rk_load_acquire_sys((const RkQuad*)from->control);
    from->tail = seen.y;
    if (s != 0u) continue;
    own->command = seen.x;
    own->epoch = seen.z;
    own->activate_token = seen.w;
  }
  rk_sync_warp();
}
static_assert(RKW_COMMAND == 0u && RKW_LANE_TAIL == 1u && RKH_TAIL == 1u && RKW_SETTLE_EPOCH == 2u &&
              RKW_ACTIVATE_TOKEN == 3u && RKH_HEAD == RKW_LANE_HEAD, "read at once");

// Lanes from this one on where something is.
RK_DEV rk_u32 rk_waiting(const RkDispatcher* own, rk_u32 first) {
  rk_u32 waiting = 0;
  for (rk_u32 s = first; s < own->source_count; s++) waiting += own->sources[s].head != own->sources[s].tail;
  return waiting;
}

// Takes free nodes, all at once, so that there are as many as there may be.
RK_DEV void rk_refill(RkWorld* w, RkDispatcher* own) {
  RkQueue* q = &w->free;
  rk_u32 had = own->spare_count;
  while (had < own->most_spares) {
    if (RK_WARP_LANE == 0u) own->at = rk_load_relaxed(&q->head);
    rk_sync_warp();
    const rk_u32 begin = own->at, at = begin + RK_WARP_LANE;
    const rk_u64 cell = rk_load_acquire(q->cells + (at & q->mask));
    const int ahead = (int)((rk_u32)(cell >> 32) - (at + 1u));
    if (rk_ballot(RK_WARP_LANE == 0u && ahead > 0) != 0u) continue;  // others were faster
    const rk_u32 full = rk_ballot(RK_WARP_LANE < own->most_spares - had && ahead == 0);
    const rk_u32 count = rk_ones(full & ~(full + 1u));  // from the first on
    if (count == 0u) return;
    if (RK_WARP_LANE == 0u) own->accepted = rk_compare_exchange_relaxed(&q->head, begin, begin + count) == begin;
    rk_sync_warp();
    if (own->accepted == 0u) continue;
    if (RK_WARP_LANE < count) {
      own->spares[had + RK_WARP_LANE] = (rk_u32)cell;
      rk_queue_vacate(q, at);
    }
    had += count;
    if (RK_WARP_LANE == 0u) own->spare_count = had;
    rk_sync_warp();
  }
}

// Says which message each lane has: of each source that has some its share, from another one on each time. How many.
RK_DEV rk_u32 rk_share_out(const RkWorld* w, RkDispatcher* own, rk_u32 first, rk_u32 waiting) {
  const rk_u32 most = own->spare_count, sources = own->source_count - first;
  const rk_u32 share = most > waiting ? most / waiting : 1u;
  rk_u32 count = 0;
  for (rk_u32 i = 0; i < sources && count < most; i++) {
    const rk_u32 s = first + (own->batches + i) % sources;
    const RkSource* from = own->sources + s;
    rk_u32 take = from->tail - from->head;
    if (take > share) take = share;
    if (take > most - count) take = most - count;
    const rk_u32 at = RK_WARP_LANE - count;
    if (at < take) {
      own->slots[RK_WARP_LANE] = from->slots + (rk_u64)((from->head + at) & w->lane_mask) * w->node_bytes;
      own->from[RK_WARP_LANE] = s;
    }
    count += take;
  }
  return count;
}

// The node for the message of this lane.
RK_DEV rk_u32 rk_spare(const RkDispatcher* own, rk_u32 lane) { return own->spares[own->spare_count - 1u - lane]; }

#define RK_PART 8u  // quads that are read of each message before its size is known: the header and 64 bytes

// Copies the begin of each message to its node, and the headers to where all lanes see them.
RK_DEV void rk_fetch(RkWorld* w, RkDispatcher* own, rk_u32 count) {
  RkQuad q[RK_PART];
#pragma unroll
  for (rk_u32 i = 0; i < RK_PART; i++) {
    const rk_u32 at = i * RK_WARP + RK_WARP_LANE;
    if (at < count * RK_PART) q[i] = ((const RkQuad*)own->slots[at / RK_PART])[at % RK_PART];
  }
#pragma unroll
  for (rk_u32 i = 0; i < RK_PART; i++) {
    const rk_u32 at = i * RK_WARP + RK_WARP_LANE, message = at / RK_PART, part = at % RK_PART;
    if (at >= count * RK_PART) continue;
    ((RkQuad*)rk_node(w, rk_spare(own, message)))[part] = q[i];
    if (part < 4u) ((RkQuad*)(own->headers + message))[part] = q[i];
  }
  rk_sync_warp();
}

// Copies what is left of large messages, of some at once.
RK_DEV void rk_fetch_rest(RkWorld* w, RkDispatcher* own, rk_u32 count, rk_u32 landing) {
  for (rk_u32 part = RK_PART + RK_WARP_LANE; rk_ballot(part < w->node_bytes / 16u) != 0u; part += RK_WARP) {
    for (rk_u32 begin = 0; begin < count; begin += RK_PART) {
      RkQuad q[RK_PART];
#pragma unroll
      for (rk_u32 i = 0; i < RK_PART; i++) {
        const rk_u32 m = begin + i;
        const bool wanted = m < count && (landing >> m & 1u) != 0u && part < 4u + rk_quads(own->headers[m].bytes);
        if (wanted) q[i] = ((const RkQuad*)own->slots[m])[part];
      }
#pragma unroll
      for (rk_u32 i = 0; i < RK_PART; i++) {
        const rk_u32 m = begin + i;
        const bool wanted = m < count && (landing >> m & 1u) != 0u && part < 4u + rk_quads(own->headers[m].bytes);
        if (wanted) ((RkQuad*)rk_node(w, rk_spare(own, m)))[part] = q[i];
      }
    }
  }
}

// The kernel that has an address, or null when nobody does.
RK_DEV RkKernel* rk_find(const RkWorld* w, const RkDispatcher* own, rk_u32 address) {
  const RkRange* range = rk_range_of(own->ranges, own->range_count, address);
  return range == 0 ? 0 : w->kernels + range->kernel;
}

// Gives each lane's message to its instance. Those to one instance go there as a chain, which the lane of its newest pushes.
RK_DEV void rk_deliver_batch(RkWorld* w, RkDispatcher* own, rk_u32 count, RkKernel* k) {
  const rk_u32 lane = RK_WARP_LANE;
  const rk_u32 address = k == 0 ? 0u : own->headers[lane].destination;
  own->destination[lane] = address;
  rk_sync_warp();
  rk_u32 before = RK_NONE, oldest = lane;
  bool newest = true;
  for (rk_u32 i = 0; k != 0 && i < count; i++) {
    if (own->destination[i] != address) continue;
    if (oldest > i) oldest = i;
    if (i < lane) before = i;
    if (i > lane) newest = false;
  }
  if (before != RK_NONE) rk_node(w, rk_spare(own, lane))->link = rk_spare(own, before);
  rk_sync_warp();
  if (k == 0 || !newest) return;
  const rk_u32 instance = address - k->base;
  const rk_u32 top = rk_load_relaxed(&k->mail[instance].arrivals);
  rk_deliver(w, k, instance, rk_spare(own, lane), rk_spare(own, oldest), top);
}

// Lockstep: they wait for the next round.
RK_DEV void rk_keep_batch(RkWorld* w, const RkDispatcher* own, rk_u32 count, rk_u32 landing) {
  for (rk_u32 i = 0; RK_WARP_LANE == 0u && i < count; i++) {
    if ((landing >> i & 1u) != 0u) rk_append_transit(w, rk_spare(own, i));
  }
}

// A message that the host had kept for want of a node is where it belongs, or nowhere when its kernel has ended.
RK_DEV void rk_spill_ends(RkWorld* w, const RkHeader* m, RkKernel* target) {
  RkKernel* sender = rk_kernel_of(w, m->source);
  if (sender != 0) rk_add_release(&sender->mail[m->source - sender->base].spilled, 0xffffffffu);
  if (target != 0) rk_add_release(&target->scheduled, 0xffffffffu);
  rk_add_release(&w->inflight, 0xffffffffu);
}

// The device counts what came by a lane of another thread, and tells that thread what found no kernel.
RK_DEV void rk_count_taken(RkWorld* w, const RkSource* from, const rk_u8* slot, RkKernel* k, RkHeader* m, rk_u32 address) {
  if (from->lane == 0) return;
  if (k == 0) {
    rk_tell_caller(w, (const RkHeader*)slot, RKR_DEAD_LETTER, RK_NOT_FOUND);
    rk_tally(&from->lane->undelivered, 1u);
    return;
  }
  m->extra = rk_life(k->mail + (address - k->base));
  rk_count(k, RK_COUNT_SENT, 1u);
  rk_count(k, RK_COUNT_PENDING, 1u);
}

// What is taken is taken: the sources go on, and nodes that found no use stay.
RK_DEV void rk_end_batch(RkDispatcher* own, rk_u32 count, rk_u32 taken, rk_u32 landing) {
  const rk_u32 lane = RK_WARP_LANE;
  rk_u32 node = 0;
  const bool stays = lane < count && (landing >> lane & 1u) == 0u;
  if (stays) node = rk_spare(own, lane);
  const rk_u32 had = own->spare_count, below = (1u << lane) - 1u;
  rk_sync_warp();
  if (stays) own->spares[had - count + rk_ones(~landing & below)] = node;
  for (rk_u32 s = lane; s < own->source_count; s += RK_WARP) {
    rk_u32 moved = 0;
    for (rk_u32 i = 0; i < count; i++) moved += own->from[i] == s && (taken >> i & 1u) != 0u;
    own->sources[s].head += moved;
  }
  if (lane == 0u) {
    own->spare_count = had - rk_ones(landing);
    own->batches++;
  }
  rk_sync_warp();
}

RK_DEV bool rk_is_request(const RkHeader* m) {
  const rk_u32 what = rk_flags(m) >> 8;
  return what != RKL_MESSAGE && what != RKL_READ;
}

// Takes a message for each lane of the warp, as far as there are nodes, of the sources from this one on. Stops before what
// asks for more than a delivery, and notes it. Whether there was something.
RK_DEV bool rk_take_batch(RkWorld* w, RkDispatcher* own, rk_u32 first) {
  const rk_u32 waiting = rk_waiting(own, first);
  if (waiting == 0u) return false;
  if (own->spare_count == 0u) rk_refill(w, own);
  const rk_u32 count = rk_share_out(w, own, first, waiting);
  if (count == 0u) return false;
  rk_sync_warp();
  rk_fetch(w, own, count);
  const rk_u32 lane = RK_WARP_LANE;
  const bool mine = lane < count;
  RkHeader* header = own->headers + lane;
  const RkSource* from = own->sources + (mine ? own->from[lane] : 0u);
  const rk_u32 requests = rk_ballot(mine && from->lane == 0 && rk_is_request(header));
  const rk_u32 stop = requests & (0u - requests), behind = stop == 0u ? 0u : ~(stop - 1u);  // its lane, and all from it on
  const bool take = mine && (from->lane != 0 || (behind >> lane & 1u) == 0u);
  RkKernel* k = take ? rk_find(w, own, header->destination) : 0;
  const rk_u32 taken = rk_ballot(take), landing = rk_ballot(k != 0);
  if (rk_ballot(k != 0 && header->bytes > (RK_PART - 4u) * 16u) != 0u) rk_fetch_rest(w, own, count, landing);
  if (take) rk_count_taken(w, from, own->slots[lane], k, k == 0 ? 0 : rk_node(w, rk_spare(own, lane)), header->destination);
  if (w->lockstep != 0u) {
    rk_keep_batch(w, own, count, landing);
  } else {
    rk_deliver_batch(w, own, count, k);
  }
  rk_sync_warp();
  if (take && (rk_flags(header) & RKF_SPILLED) != 0u) rk_spill_ends(w, header, k);
  if (stop == 1u << lane) own->request = (const RkHeader*)own->slots[lane];
  rk_end_batch(own, count, taken, landing);
  rk_refill(w, own);  // for the next ones, which then need not wait for it
  return taken != 0u;
}
