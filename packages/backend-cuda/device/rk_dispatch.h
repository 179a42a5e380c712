// The dispatcher of a device: it carries messages and requests from the lanes of the host to the instances, and looks
// after the kernels. One warp, from their begin to their end.
#pragma once

#include "rk_lanes.h"

#ifndef RK_WITH_PROGRAM  // nothing here handles messages
RK_DEV bool rk_handle(RkTurn*, rk_u32) { return false; }
#endif

struct RkWorldParameters {
  RkWorld* world;
};

// Every instance with messages at rest gets to run. The lanes share them.
RK_DEV void rk_wake_all(RkWorld* w, RkKernel* k) {
  for (rk_u32 i = RK_WARP_LANE; i < k->instances; i += RK_WARP) {
    if (rk_compare_exchange_release(&k->mail[i].arrivals, RK_IDLE, RK_NIL) == RK_IDLE) rk_schedule(w, k, i);
  }
}

// Copies what the kernel counted to where the host reads it; one lane of so many that share it.
RK_DEV void rk_mirror(RkKernel* k, rk_u32 lane, rk_u32 lanes) {
  for (rk_u32 i = lane; i < RKM_NUMBERS; i += lanes) {
    const rk_u64 n = rk_load_relaxed(i < RKM_COUNTERS ? k->counters + i : k->latency + (i - RKM_COUNTERS));
    rk_store_relaxed_sys(k->mirror + 2u * i, (rk_u32)n);
    rk_store_relaxed_sys(k->mirror + 2u * i + 1u, (rk_u32)(n >> 32));
  }
}

RK_DEV void rk_mirror_all(RkWorld* w) {
  for (rk_u32 i = 0; i < w->range_count; i++) rk_mirror(w->kernels + w->ranges[i].kernel, RK_WARP_LANE, RK_WARP);
  rk_sync_warp();
}

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
    rk_or_relaxed(&k->gate, RK_STOPPED);
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

// Delivers what is asked of an instance, by one lane; false when there is no node for it.
RK_DEV bool rk_deliver_request(RkWorld* w, RkDispatcher* own, const RkHeader* from) {
  RkKernel* k = rk_find(w, own, from->destination);
  if (k == 0) return true;
  rk_u32 node;
  if (own->spare_count > 0u) {
    node = own->spares[--own->spare_count];
  } else if (!rk_allocate(w, &node)) {
    return false;
  }
  rk_copy_quads((RkQuad*)rk_node(w, node), (const RkQuad*)from, 4u + rk_quads(from->bytes));
  if (w->lockstep) {
    rk_append_transit(w, node);
  } else {
    const rk_u32 instance = from->destination - k->base;
    rk_deliver(w, k, instance, node, node, rk_load_relaxed(&k->mail[instance].arrivals));
  }
  return true;
}

// Carries out the request that is next in the first lane; false when it has to wait.
RK_DEV bool rk_take_request(RkWorld* w, RkDispatcher* own) {
  const RkHeader* from = own->request;
  const rk_u32 what = rk_flags(from) >> 8;
  if (what == RKL_RETIRE || what == RKL_SPAWN) {
    // What other threads had sent before is for the one who ends, and not for the one who begins.
    rk_poll(own);
    while (rk_take_batch(w, own, 1u)) {
    }
    if (rk_waiting(own, 1u) != 0u) return false;
  }
  rk_sync_warp();
  if (RK_WARP_LANE == 0u) {
    own->accepted = 1u;
    if (what == RKL_DEACTIVATE || what == RKL_DRAIN) {
      rk_request(w, from, own);
    } else {
      own->accepted = rk_deliver_request(w, own, from);
    }
    if (own->accepted != 0u) own->sources[0].head++;
  }
  rk_sync_warp();
  return own->accepted != 0u;
}

// Takes what is in the lanes, as much as a warp takes at once. Whether there was something.
RK_DEV bool rk_take(RkWorld* w, RkDispatcher* own) {
  const bool some = rk_take_batch(w, own, 0u);
  if (own->request == 0) return some;
  const bool done = rk_take_request(w, own);
  rk_sync_warp();
  if (RK_WARP_LANE == 0u) own->request = 0;  // looked at anew when it could not be
  rk_sync_warp();
  return some || done;
}

// Lets a kernel handle messages: after all that was sent to it before, unless that waits for a node, because the nodes may
// all be in kernels that wait for their activation.
RK_DEV void rk_look_for_activation(RkWorld* w, RkDispatcher* own, bool no_node) {
  const rk_u32 token = own->activate_token;
  if (token == w->activated) return;
  const rk_u32 at = rk_load_relaxed_sys(w->control + RKW_ACTIVATE_AT);
  if ((int)(own->sources[0].head - at) < 0 && !no_node) return;
  w->activated = token;
  own->activated = 1u;
  RkKernel* k = w->kernels + rk_load_relaxed_sys(w->control + RKW_ACTIVATE_KERNEL);
  if (rk_load_relaxed(&k->closed) != 0u) return;
  rk_and(&k->gate, ~RK_STOPPED);
  if (rk_exchange_acquire(&k->resting, 0u) != 0u) own->wakes = k;
}

// What is left to do of it: by all lanes, because a kernel may have a million instances.
RK_DEV void rk_end_activation(RkWorld* w, RkDispatcher* own) {
  if (own->wakes != 0) rk_wake_all(w, own->wakes);
  rk_sync_warp();
  if (RK_WARP_LANE != 0u) return;
  own->wakes = 0;
  own->activated = 0;
  rk_answer(w, w->activated);
}

// Waits until the kernels have ended: with LEAVE each worker between two instances, with all state in memory; with KILL at
// once.
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
}

// What one lane does for all, once in each turn.
RK_DEV void rk_look_after(RkWorld* w, RkDispatcher* own, bool no_node, bool asked) {
  rk_watch(w, own);
  rk_look_for_activation(w, own, no_node);
  if (own->draining > 0u) rk_look_for_drained(w, own);
  own->accepted = asked && rk_load_acquire(&w->inflight) == 0u;
}

// Whether the slice of the kernels is over. Said before they leave: whoever finds a kernel ended knows why.
RK_DEV bool rk_slice_ends(RkWorld* w, rk_u64 begun) {
  if (w->slice_ns == 0u || rk_clock_ns() - begun < w->slice_ns) return false;
  rk_store_release_sys(w->control + RKW_SLICE_ENDED, 1u);
  return true;
}

RK_KERNEL(rk_dispatch, RkWorldParameters) {
  if (RK_BID != 0u) return;
  RkWorld* w = p.world;
  RK_SHARED(RkDispatcher, own);
  if (RK_WARP_LANE == 0u) rk_begin_running(w);
  const rk_u64 begun = rk_clock_ns();
  rk_begin_dispatcher(w, own);
  rk_poll(own);
  // The last question whether all is settled that was answered, and the last one heard.
  rk_u32 quiet = rk_load_relaxed_sys(w->control + RKW_QUIET_EPOCH), asked = own->epoch, idle = 0;
  rk_sync_warp();
  bool taken = false, empty = true;
  for (rk_u32 turn = 0;; turn++) {
    // While something is known to wait, the host is asked for more only now and then.
    const bool polled = !taken || empty || (turn & 15u) == 0u;
    if (polled) rk_poll(own);
    // However short a slice is, the lanes are looked at once: relaunches alone get nowhere.
    if (RK_WARP_LANE == 0u && own->command == RKC_RUN && turn > 0u && rk_slice_ends(w, begun)) own->command = RKC_LEAVE;
    rk_sync_warp();
    if (own->command != RKC_RUN) break;
    const rk_u32 heard = own->epoch;
    taken = rk_take(w, own);
    empty = rk_waiting(own, 0u) == 0u;
    if (RK_WARP_LANE == 0u) rk_look_after(w, own, !taken && !empty, asked != quiet);
    rk_sync_warp();
    if (own->activated != 0u) rk_end_activation(w, own);
    // What was sent before a question is seen by the poll after the one that heard it.
    const bool settled = own->accepted != 0u && polled && !taken && empty;
    rk_tell_heads(w, own, !taken);
    if (settled || (turn & 1023u) == 1023u) rk_mirror_all(w);
    if (settled) {
      quiet = asked;
      if (RK_WARP_LANE == 0u) {
        rk_store_release_sys(w->control + RKW_QUIET_EPOCH, quiet);
        rk_answer(w, 0u);
      }
    }
    asked = heard;
    if (!taken) rk_sleep(++idle < RK_HOT_TURNS ? 100u : 2000u);
    if (taken) idle = 0;
  }
  rk_end_dispatcher(w, own);
  if (RK_WARP_LANE == 0u) rk_stop_all(w, own->command, own);
  rk_sync_warp();
  rk_mirror_all(w);
}

// Takes what the host sent since the last round, or while the kernels leave for the last time.
RK_KERNEL(rk_collect, RkWorldParameters) {
  if (RK_BID != 0u) return;
  RK_SHARED(RkDispatcher, own);
  rk_begin_dispatcher(p.world, own);
  rk_poll(own);
  while (rk_take(p.world, own)) {
  }
  rk_end_dispatcher(p.world, own);
}
