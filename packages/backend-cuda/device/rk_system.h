// What a device runs besides its programs: the dispatcher, and the short kernels of lockstep rounds, of the begin and the
// end of instances and kernels, and of the clock.
#include "rk_dispatch.h"

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
  if (RK_BID == 0u) rk_mirror_all(p.world);
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
  if (rk_compare_exchange_release(&mail->arrivals, RK_IDLE, RK_NIL) == RK_IDLE) rk_schedule(p.world, k, p.instance);
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
  rk_mirror(k, 0u, 1u);
}

// Lockstep: an instance begins, with the state that the host has written. What was sent there before is not for it.
RK_KERNEL(rk_spawn, RkInstanceParameters) {
  if (RK_BID != 0u || RK_TID != 0u) return;
  RkKernel* k = p.world->kernels + p.kernel;
  rk_bury_transit(p.world, k, k->base + p.instance, k->base + p.instance + 1u);
  rk_spawn_instance(k->mail + p.instance);
  rk_show_depth(k, p.instance);
  rk_mirror(k, 0u, 1u);
}

RK_DEV void rk_end_instance(RkWorld* w, RkKernel* k, rk_u32 instance) {
  RkMail* mail = k->mail + instance;
  RkTurn t;
  rk_start_turns(&t, w, k, instance, 0);
  const bool scheduled = rk_load_acquire(&mail->arrivals) != RK_IDLE;
  if (scheduled) rk_intake(&t, mail, rk_take_arrivals(mail));
  rk_bury_mail(w, k, mail);
  if (scheduled) rk_unschedule(w, k);
}

// What waits for the kernel becomes dead letters: in the order of handling, then what is parked, then what is in
// transit. Nothing else runs meanwhile. The lanes look together who has something, and one goes through those in order.
RK_KERNEL(rk_end, RkInstanceParameters) {
  if (RK_BID != 0u) return;
  RkWorld* w = p.world;
  RkKernel* k = w->kernels + p.kernel;
  for (rk_u32 begin = 0; begin < k->instances; begin += RK_WARP) {
    const rk_u32 own = begin + RK_WARP_LANE;
    const RkMail* mail = k->mail + own;
    const bool some = own < k->instances &&
                      (rk_load_acquire(&mail->arrivals) != RK_IDLE || mail->waiting != 0u || mail->parked != 0u);
    const rk_u32 all = rk_ballot(some);
    for (rk_u32 lane = 0; RK_WARP_LANE == 0u && lane < RK_WARP; lane++) {
      if ((all >> lane & 1u) != 0u) rk_end_instance(w, k, begin + lane);
    }
    rk_sync_warp();
  }
  if (RK_WARP_LANE != 0u) return;
  rk_bury_transit(w, k, k->base, k->base + k->instances);
  rk_mirror(k, 0u, 1u);
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
