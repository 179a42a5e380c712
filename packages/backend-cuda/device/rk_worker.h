// The persistent kernel of one program: workers that run whatever instance has something to do. One thread of a warp
// works; the others leave at once. With RK_GROUP a block is one worker: its first thread works, and the others wait to
// run rounds of the sections of handlers.
#pragma once

#include "rk_run.h"

struct RkWorkerParameters {
  RkWorld* world;
  rk_u32 kernel;
  rk_u32 workers;
};

// What a worker is to run next: the first instance on the queue, which it knows to be `at`; a dedicated worker has one of
// its own.
RK_DEV bool rk_look(RkKernel* k, rk_u32 worker, rk_u32* at, rk_u32* instance) {
  if (!k->dedicated) return rk_queue_pop(&k->ready, at, instance);
  *instance = worker;
  return rk_load_acquire(&k->mail[worker].arrivals) != RK_IDLE;
}

// Between two looks that found nothing. A dedicated worker hardly rests: that is what it is for.
RK_DEV void rk_rest(const RkKernel* k, rk_u32 idle) {
  if (k->dedicated) {
    rk_sleep(idle < 4096u ? 20u : 1000u);
  } else {
    rk_sleep(idle < 64u ? 100u : 2000u);
  }
}

#ifdef RK_GROUP
RK_DEV void rk_serve_group();
RK_DEV void rk_dismiss_group();
#endif

RK_DEV void rk_work_as(RkWorld* w, RkKernel* k, rk_u32 worker) {
  rk_begin_running(w);
  rk_u32 idle = 0, at = rk_load_relaxed(&k->ready.head);
  // However short a slice is, each worker runs an instance in it.
  for (bool looked = false; !looked || rk_load_acquire(&w->stop) == RKC_RUN; looked = true) {
    rk_u32 instance;
    if (rk_look(k, worker, &at, &instance)) {
      rk_run_instance(w, k, instance, worker);
      idle = 0;
    } else {
      rk_rest(k, ++idle);
    }
  }
  if (k->clocks[worker].spare != 0u) rk_free(w, k->clocks[worker].spare - 1u);
  k->clocks[worker].spare = 0;
  rk_add(&w->left, 1u);
}

RK_KERNEL(rk_work, RkWorkerParameters) {
  RkKernel* k = p.world->kernels + p.kernel;
#ifdef RK_GROUP
  if (RK_TID != 0u) return rk_serve_group();
  rk_work_as(p.world, k, RK_BID);
  rk_dismiss_group();
#else
  const rk_u32 thread = RK_BID * RK_BDIM + RK_TID;
  if (thread % RK_WARP == 0u && thread / RK_WARP < p.workers) rk_work_as(p.world, k, thread / RK_WARP);
#endif
}

// A lockstep round of the kernel: every instance handles what waited when the round began.
struct RkRoundParameters {
  RkWorld* world;
  rk_u32 kernel;
};

RK_DEV void rk_run_round(RkWorld* w, RkKernel* k) {
  for (rk_u32 i = 0; i < k->instances; i++) {
    RkMail* mail = k->mail + i;
    if (mail->waiting == 0u && mail->parked == 0u) continue;
    RkTurn t;
    rk_start_turns(&t, w, k, i, 0);
    const rk_u64 begun = rk_clock_ns();
    rk_u32 node;
    while (!rk_held(k, mail) && (node = rk_most_urgent(w, mail)) != RK_NONE) rk_handle_one(&t, mail, node);
    while (mail->failed && !k->holds && mail->parked > 0u) {
      mail->parked--;
      rk_count(k, RK_COUNT_PARKED, ~0ull);
      rk_end_buried(w, k, rk_shift(w, &mail->parked_first), RK_INSTANCE_FAILED);
    }
    rk_end_turns(&t, i, 0, rk_clock_ns() - begun);
    rk_show_depth(k, i);
  }
}

RK_KERNEL(rk_round, RkRoundParameters) {
  RkKernel* k = p.world->kernels + p.kernel;
#ifdef RK_GROUP
  if (RK_TID != 0u) return rk_serve_group();
  rk_run_round(p.world, k);
  rk_dismiss_group();
#else
  if (RK_BID == 0u && RK_TID == 0u) rk_run_round(p.world, k);
#endif
}
