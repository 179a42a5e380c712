// What a device runs besides its programs: the dispatcher, which carries messages and requests from the host's lane to
// the instances, and the short kernels that end one, and that begin a lockstep round.
#pragma once

#include "rk_run.h"

#ifndef RK_WITH_PROGRAM  // nothing here handles messages
RK_DEV bool rk_handle(RkTurn*, rk_u32) { return false; }
#endif

struct RkWorldParameters {
  RkWorld* world;
};

RK_DEV RkHeader* rk_lane_slot(RkWorld* w, rk_u32 at) {
  return (RkHeader*)(w->lane + (rk_u64)(at & w->lane_mask) * w->node_bytes);
}

// Every instance with messages at rest gets to run.
RK_DEV void rk_wake_all(RkWorld* w, RkKernel* k) {
  if (rk_exchange(&k->resting, 0u) == 0u) return;
  for (rk_u32 i = 0; i < k->instances; i++) {
    if (rk_compare_exchange(&k->mail[i].arrivals, RK_IDLE, RK_NIL) == RK_IDLE) rk_schedule(w, k, i);
  }
}

// Copies what the kernel counted to where the host reads it.
RK_DEV void rk_mirror(RkKernel* k) {
  for (rk_u32 i = 0; i < RKM_NUMBERS; i++) {
    const rk_u64 n = rk_load_relaxed(i < RKM_COUNTERS ? k->counters + i : k->latency + (i - RKM_COUNTERS));
    rk_store_relaxed_sys(k->mirror + 2u * i, (rk_u32)n);
    rk_store_relaxed_sys(k->mirror + 2u * i + 1u, (rk_u32)(n >> 32));
  }
}

RK_DEV void rk_mirror_all(RkWorld* w) {
  for (rk_u32 i = 0; i < w->range_count; i++) rk_mirror(w->kernels + w->ranges[i].kernel);
}

// What the dispatcher keeps in mind: how many kernels drain, and which worker it looks at next.
struct RkDispatcher {
  rk_u32 draining, range, worker;
};

// Looks at one worker: whether its handler goes on for so long that it won't end any more. Then the host is told whose.
RK_DEV void rk_watch(RkWorld* w, RkDispatcher* at) {
  if (w->stuck_ms == 0u || w->range_count == 0u) return;
  if (at->range >= w->range_count) at->range = 0;
  const RkKernel* k = w->kernels + w->ranges[at->range].kernel;
  const rk_u64 beat = rk_load_relaxed(k->beats + at->worker);
  const rk_u32 passed_ms = (rk_u32)(rk_clock_ns() / 1000000u) - (rk_u32)beat;
  if (beat != 0u && (int)passed_ms > (int)w->stuck_ms) {
    rk_store_release_sys(w->control + RKW_STUCK, (rk_u32)(beat >> 32));
  }
  if (++at->worker < k->workers) return;
  at->worker = 0;
  at->range++;
}

// Carries out a request; `destination` is the kernel's slot or an address, `extra` the token of the answer.
RK_DEV void rk_request(RkWorld* w, const RkHeader* m, RkDispatcher* own) {
  RkKernel* k = w->kernels + m->destination;
  const rk_u32 what = rk_flags(m) >> 8;
  if (what == RKL_DEACTIVATE) {
    rk_or(&k->gate, RK_STOPPED);
    while (rk_load_acquire(&k->gate) != RK_STOPPED && rk_load_relaxed_sys(w->control + RKW_COMMAND) != RKC_KILL) {
      rk_watch(w, own);
      rk_sleep(500);
    }
    rk_answer(w, m->extra);
  } else {
    k->drain_token = m->extra;
    own->draining++;
  }
}

// Answers those who wait for a kernel to have nothing more to do.
RK_DEV void rk_look_for_drained(RkWorld* w, RkDispatcher* own) {
  for (rk_u32 i = 0; i < w->range_count; i++) {
    RkKernel* k = w->kernels + w->ranges[i].kernel;
    if (k->drain_token == 0u || rk_load_acquire(&k->scheduled) != 0u) continue;
    rk_answer(w, k->drain_token);
    k->drain_token = 0;
    own->draining--;
  }
}

// A message that the host had kept for want of a node is where it belongs, or nowhere when its kernel has ended.
RK_DEV void rk_spill_ends(RkWorld* w, const RkHeader* m, RkKernel* target) {
  RkKernel* sender = rk_kernel_of(w, m->source);
  if (sender != 0) rk_add(&sender->mail[m->source - sender->base].spilled, 0xffffffffu);
  if (target != 0) rk_add(&target->scheduled, 0xffffffffu);
  rk_add(&w->inflight, 0xffffffffu);
}

// Delivers a message of another thread's lane; false when there is no node for it. The device counts it.
RK_DEV bool rk_take_from(RkWorld* w, RkHostLane* lane, const RkHeader* from) {
  RkKernel* k = rk_kernel_of(w, from->destination);
  if (k == 0) {
    rk_tell_caller(w, from, RKR_DEAD_LETTER, RK_NOT_FOUND);
    lane->undelivered++;
    return true;
  }
  rk_u32 node;
  if (!rk_queue_pop(&w->free, &node)) return false;
  RkHeader* m = rk_node(w, node);
  rk_copy_words((rk_u32*)m, (const rk_u32*)from, 16u + rk_words(from->bytes));
  const rk_u32 instance = from->destination - k->base;
  m->extra = rk_life(k->mail + instance);
  rk_count(k, RK_COUNT_SENT, 1u);
  rk_count(k, RK_COUNT_PENDING, 1u);
  rk_deliver(w, k, instance, node);
  return true;
}

// Takes what is in the lanes of other threads, as long as there are nodes. A lane where nothing comes is looked at less and
// less often, unless `all` are to be: each look goes to the host's memory. Whether all of them are empty now.
RK_DEV bool rk_take_host_lanes(RkWorld* w, rk_u32 turn, bool all, bool* taken) {
  bool empty = true;
  for (rk_u32 i = 0; i < w->host_lane_count; i++) {
    RkHostLane* lane = w->host_lanes + i;
    if (!all && (turn & ((1u << lane->idle) - 1u)) != 0u) continue;
    const rk_u32 tail = rk_load_acquire_sys(lane->control + RKH_TAIL), begun = lane->head;
    rk_u32 head = begun;
    for (; head != tail; head++) {
      const RkHeader* from = (const RkHeader*)(lane->slots + (rk_u64)(head & w->lane_mask) * w->node_bytes);
      if (!rk_take_from(w, lane, from)) break;
    }
    empty = empty && head == tail;
    if (head == begun) {
      if (lane->idle < 6u) lane->idle++;
      continue;
    }
    lane->idle = 0;
    lane->head = head;
    *taken = true;
    rk_store_relaxed_sys(lane->control + RKH_UNDELIVERED, lane->undelivered);
    rk_store_release_sys(lane->control + RKH_HEAD, head);
  }
  return empty;
}

// Delivers a message, or what is asked of an instance; false when there is no node for it.
RK_DEV bool rk_take_message(RkWorld* w, const RkHeader* from) {
  const rk_u32 what = rk_flags(from) >> 8;
  bool taken = false;
  // What other threads had sent before is for the one who ends, and not for the one who begins.
  if ((what == RKL_RETIRE || what == RKL_SPAWN) && !rk_take_host_lanes(w, 0, true, &taken)) return false;
  RkKernel* k = rk_kernel_of(w, from->destination);
  if (k != 0) {
    rk_u32 node;
    if (!rk_queue_pop(&w->free, &node)) return false;
    rk_copy_words((rk_u32*)rk_node(w, node), (const rk_u32*)from, 16u + rk_words(from->bytes));
    if (w->lockstep) {
      rk_append_transit(w, node);
    } else {
      rk_deliver(w, k, from->destination - k->base, node);
    }
  }
  if ((rk_flags(from) & RKF_SPILLED) != 0u) rk_spill_ends(w, from, k);
  return true;
}

// Lets a kernel handle messages: after all that was sent to it before, unless that waits for a node, because the nodes may
// all be in kernels that wait for their activation.
RK_DEV void rk_look_for_activation(RkWorld* w, bool no_node) {
  const rk_u32 token = rk_load_acquire_sys(w->control + RKW_ACTIVATE_TOKEN);
  if (token == w->activated) return;
  const rk_u32 at = rk_load_relaxed_sys(w->control + RKW_ACTIVATE_AT);
  if ((int)(w->lane_head - at) < 0 && !no_node) return;
  w->activated = token;
  RkKernel* k = w->kernels + rk_load_relaxed_sys(w->control + RKW_ACTIVATE_KERNEL);
  if (rk_load_relaxed(&k->closed) == 0u) {
    rk_and(&k->gate, ~RK_STOPPED);
    rk_wake_all(w, k);
  }
  rk_answer(w, token);
}

// Takes messages from the lane as long as there are nodes; whether there was something.
RK_DEV bool rk_take_lane(RkWorld* w, rk_u32 tail, RkDispatcher* own) {
  const rk_u32 begun = w->lane_head;
  rk_u32 head = begun;
  for (; head != tail; head++) {
    RkHeader* from = rk_lane_slot(w, head);
    const rk_u32 what = rk_flags(from) >> 8;
    if (what == RKL_DEACTIVATE || what == RKL_DRAIN) {
      rk_request(w, from, own);
    } else if (!rk_take_message(w, from)) {
      break;
    }
  }
  w->lane_head = head;
  if (head != begun) rk_store_release_sys(w->control + RKW_LANE_HEAD, head);
  return head != begun;
}

// Ends the kernels: with LEAVE each worker between two instances, with all state in memory; with KILL at once.
RK_DEV void rk_stop_all(RkWorld* w, rk_u32 command, RkDispatcher* own) {
  rk_store_release(&w->stop, command);
  if (command == RKC_LEAVE && rk_load_relaxed_sys(w->control + RKW_SLICE_ENDED) != 0u) rk_answer(w, 0u);
  while (command == RKC_LEAVE) {
    // Fewer are expected when a launch was refused after the slice of the others had ended.
    if (rk_load_acquire(&w->left) == rk_load_relaxed_sys(w->control + RKW_EXPECTED)) break;
    if (rk_load_relaxed_sys(w->control + RKW_COMMAND) == RKC_KILL) rk_store_release(&w->stop, command = RKC_KILL);
    rk_watch(w, own);
    rk_sleep(500);
  }
  rk_mirror_all(w);
}

RK_KERNEL(rk_dispatch, RkWorldParameters) {
  if (RK_BID != 0u || RK_TID != 0u) return;
  RkWorld* w = p.world;
  const rk_u64 begun = rk_clock_ns();
  RkDispatcher own = {0, 0, 0};
  rk_u32 quiet = rk_load_relaxed_sys(w->control + RKW_QUIET_EPOCH), idle = 0, turns = 0;
  for (rk_u32 i = 0; i < w->range_count; i++) own.draining += w->kernels[w->ranges[i].kernel].drain_token != 0u;
  // However short a slice is, the lane is looked at once: relaunches alone get nowhere.
  for (bool looked = false;; looked = true) {
    const rk_u32 command = rk_load_acquire_sys(w->control + RKW_COMMAND);
    if (command != RKC_RUN) return rk_stop_all(w, command, &own);
    if (looked && w->slice_ns != 0u && rk_clock_ns() - begun >= w->slice_ns) {
      // Said first: whoever finds a kernel ended knows why.
      rk_store_release_sys(w->control + RKW_SLICE_ENDED, 1u);
      return rk_stop_all(w, RKC_LEAVE, &own);
    }
    rk_watch(w, &own);
    // Read before the lane: what was published before the question was asked is then seen.
    const rk_u32 epoch = rk_load_acquire_sys(w->control + RKW_SETTLE_EPOCH);
    const rk_u32 tail = rk_load_acquire_sys(w->control + RKW_LANE_TAIL);
    bool taken = rk_take_lane(w, tail, &own);
    rk_look_for_activation(w, w->lane_head != tail);
    const bool asked = epoch != quiet;
    const bool empty = rk_take_host_lanes(w, turns++, asked, &taken);
    // Also while one lane or another always has something.
    if (own.draining > 0u) rk_look_for_drained(w, &own);
    const bool settled = !taken && asked && empty && w->lane_head == tail && rk_load_acquire(&w->inflight) == 0u;
    if (settled || (turns & 1023u) == 0u) rk_mirror_all(w);
    if (taken) {
      idle = 0;
      continue;
    }
    if (settled) {
      rk_store_release_sys(w->control + RKW_QUIET_EPOCH, quiet = epoch);
      rk_answer(w, 0u);
    }
    rk_sleep(++idle < 64u ? 100u : 2000u);
  }
}

// ---- Lockstep -------------------------------------------------------------------------------------------------------

// Merges two lists that are sorted by origin; of equal ones those of the first come first.
RK_DEV rk_u32 rk_merge_lists(RkWorld* w, rk_u32 a, rk_u32 b, rk_u32* last) {
  rk_u32 first = RK_NONE, end = RK_NONE;
  while (a != RK_NONE || b != RK_NONE) {
    const bool from_a = b == RK_NONE || (a != RK_NONE && rk_origin(rk_node(w, a)) <= rk_origin(rk_node(w, b)));
    rk_u32* list = from_a ? &a : &b;
    const rk_u32 node = rk_shift(w, list);
    rk_append(w, &first, &end, node);
  }
  *last = end;
  return first;
}

// Sorts what is in transit by origin; the order of one origin stays. Bins hold sorted runs of 2^i nodes.
RK_DEV rk_u32 rk_sort_transit(RkWorld* w) {
  rk_u32 bins[32], last;
  for (int i = 0; i < 32; i++) bins[i] = RK_NONE;
  rk_u32 list = w->transit_first;
  while (list != RK_NONE) {
    rk_u32 run = rk_shift(w, &list);
    rk_node(w, run)->link = RK_NONE;
    int i = 0;
    for (; bins[i] != RK_NONE; i++) {
      run = rk_merge_lists(w, bins[i], run, &last);
      bins[i] = RK_NONE;
    }
    bins[i] = run;
  }
  rk_u32 sorted = RK_NONE;
  for (int i = 0; i < 32; i++) {
    if (bins[i] != RK_NONE) sorted = rk_merge_lists(w, bins[i], sorted, &last);
  }
  return sorted;
}

// Takes what the host sent since the last round, or while the kernels leave for the last time.
RK_KERNEL(rk_collect, RkWorldParameters) {
  if (RK_BID != 0u || RK_TID != 0u) return;
  RkDispatcher own = {0, 0, 0};
  bool taken = rk_take_lane(p.world, rk_load_acquire_sys(p.world->control + RKW_LANE_TAIL), &own);
  rk_take_host_lanes(p.world, 0, true, &taken);
}

// Begins a round: parked messages get in, then all that is in transit arrives, by address of the sender.
RK_KERNEL(rk_arrive, RkWorldParameters) {
  if (RK_BID != 0u || RK_TID != 0u) return;
  RkWorld* w = p.world;
  w->round++;
  for (rk_u32 r = 0; r < w->range_count; r++) {
    RkKernel* k = w->kernels + w->ranges[r].kernel;
    for (rk_u32 i = 0; i < k->instances; i++) rk_admit_parked(w, k, k->mail + i);
  }
  rk_u32 list = rk_sort_transit(w);
  w->transit_first = w->transit_last = RK_NONE;
  while (list != RK_NONE) {
    const rk_u32 node = rk_shift(w, &list);
    const rk_u32 address = rk_node(w, node)->destination;
    RkKernel* k = rk_kernel_of(w, address);
    rk_admit(w, k, k->mail + (address - k->base), node);
  }
  for (rk_u32 r = 0; r < w->range_count; r++) {
    RkKernel* k = w->kernels + w->ranges[r].kernel;
    for (rk_u32 i = 0; i < k->instances; i++) rk_show_depth(k, i);
  }
}

// Ends a round, or whatever else was done step by step: the host sees what was counted.
RK_KERNEL(rk_show, RkWorldParameters) {
  if (RK_BID == 0u && RK_TID == 0u) rk_mirror_all(p.world);
}

// ---- The end of a kernel ----------------------------------------------------------------------------------------------

struct RkInstanceParameters {
  RkWorld* world;
  rk_u32 kernel;
  rk_u32 instance;
};

// The instance, whose state the host has written anew, goes on with what waits for it.
RK_KERNEL(rk_restart, RkInstanceParameters) {
  if (RK_BID != 0u || RK_TID != 0u) return;
  RkKernel* k = p.world->kernels + p.kernel;
  RkMail* mail = k->mail + p.instance;
  mail->failed = 0;
  if (p.world->lockstep || mail->waiting == 0u) return;
  if (rk_compare_exchange(&mail->arrivals, RK_IDLE, RK_NIL) == RK_IDLE) rk_schedule(p.world, k, p.instance);
}

// Lockstep: what is on its way to the addresses of a kernel from `begin` on, up to `end`, becomes dead letters.
RK_DEV void rk_bury_transit(RkWorld* w, RkKernel* k, rk_u32 begin, rk_u32 end) {
  rk_u32 list = w->transit_first;
  w->transit_first = w->transit_last = RK_NONE;
  while (list != RK_NONE) {
    const rk_u32 node = rk_shift(w, &list);
    const rk_u32 to = rk_node(w, node)->destination;
    if (to >= begin && to < end) {
      if (rk_origin(rk_node(w, node)) == 0u) k->mail[to - k->base].host_taken++;
      rk_end_buried(w, k, node, RK_TERMINATED);
    } else {
      rk_append_transit(w, node);
    }
  }
}

// Lockstep: an instance ends, and what is on its way to it.
RK_KERNEL(rk_retire, RkInstanceParameters) {
  if (RK_BID != 0u || RK_TID != 0u) return;
  RkKernel* k = p.world->kernels + p.kernel;
  rk_retire_instance(p.world, k, k->mail + p.instance);
  rk_bury_transit(p.world, k, k->base + p.instance, k->base + p.instance + 1u);
  rk_show_depth(k, p.instance);
  rk_mirror(k);
}

// Lockstep: an instance begins, with the state that the host has written. What was sent there before is not for it.
RK_KERNEL(rk_spawn, RkInstanceParameters) {
  if (RK_BID != 0u || RK_TID != 0u) return;
  RkKernel* k = p.world->kernels + p.kernel;
  rk_bury_transit(p.world, k, k->base + p.instance, k->base + p.instance + 1u);
  rk_spawn_instance(k->mail + p.instance);
  rk_show_depth(k, p.instance);
  rk_mirror(k);
}

// What waits for the kernel becomes dead letters: in the order of handling, then what is parked, then what is in
// transit. Nothing else runs meanwhile.
RK_KERNEL(rk_end, RkInstanceParameters) {
  if (RK_BID != 0u || RK_TID != 0u) return;
  RkWorld* w = p.world;
  RkKernel* k = w->kernels + p.kernel;
  for (rk_u32 i = 0; i < k->instances; i++) {
    RkMail* mail = k->mail + i;
    RkTurn t;
    rk_start_turns(&t, w, k, i, 0);
    const bool scheduled = rk_load_acquire(&mail->arrivals) != RK_IDLE;
    if (scheduled) rk_intake(&t, mail);
    rk_bury_mail(w, k, mail);
    if (scheduled) rk_unschedule(w, k);
  }
  rk_bury_transit(w, k, k->base, k->base + k->instances);
  rk_mirror(k);
  rk_store_release(&k->closed, 1u);
}

// ---- Time -------------------------------------------------------------------------------------------------------------

// Shows the device's clock, in microseconds, in two words of host memory; the third says that it is done.
struct RkClockParameters {
  rk_u32* words;
};

RK_KERNEL(rk_clock, RkClockParameters) {
  if (RK_BID != 0u || RK_TID != 0u) return;
  const rk_u64 us = rk_clock_ns() / 1000u;
  rk_store_relaxed_sys(p.words, (rk_u32)us);
  rk_store_relaxed_sys(p.words + 1, (rk_u32)(us >> 32));
  rk_store_release_sys(p.words + 2, 1u);
}
