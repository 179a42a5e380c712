// The device's primitives on CPU threads: one thread for each CUDA thread. Only loads, stores and read-modify-writes
// with an order, no fences, because ThreadSanitizer does not model those.
#pragma once

#include <pthread.h>
#include <sched.h>
#include <time.h>

#define RK_DEV static inline
#ifndef RK_SIM_NOTE
#define RK_SIM_NOTE(primitive)  // who counts what is done defines it
#endif
#ifndef RK_WARP
#define RK_WARP 1u  // more only in tests
#endif
#define RK_HOT_TURNS 64u

struct rk_sim_thread {
  rk_u32 thread, threads, block, blocks;
  pthread_barrier_t* barrier;  // of the threads of the block
  void* shared;                // their memory
};
static thread_local rk_sim_thread rk_sim_self;

#define RK_TID (rk_sim_self.thread)
#define RK_BDIM (rk_sim_self.threads)
#define RK_BID (rk_sim_self.block)
#define RK_GDIM (rk_sim_self.blocks)
#define RK_SHARED(T, name) T* const name = static_cast<T*>(rk_sim_self.shared)
#define RK_LANE (rk_sim_self.thread)
RK_DEV void rk_sync_lanes() { pthread_barrier_wait(rk_sim_self.barrier); }

// A kernel takes one struct by value. The simulated driver finds it by `name__call`, and copies `name__bytes` bytes.
#define RK_KERNEL(name, Parameters)                                                            \
  static void name(Parameters p);                                                              \
  extern "C" __attribute__((visibility("default"))) void name##__call(const rk_sim_thread* self, \
                                                                      void* parameters) {      \
    rk_sim_self = *self;                                                                       \
    name(*static_cast<Parameters*>(parameters));                                               \
  }                                                                                            \
  extern "C" __attribute__((visibility("default"))) const unsigned long name##__bytes;         \
  const unsigned long name##__bytes = sizeof(Parameters);                                      \
  static void name(Parameters p)

#define RK_SIM_LOAD(name, T, order)   \
  RK_DEV T name(const T* p) {         \
    RK_SIM_NOTE(#name);               \
    return __atomic_load_n(p, order); \
  }
#define RK_SIM_STORE(name, T, order)  \
  RK_DEV void name(T* p, T v) {       \
    RK_SIM_NOTE(#name);               \
    __atomic_store_n(p, v, order);    \
  }
RK_SIM_LOAD(rk_load_acquire_sys, rk_u32, __ATOMIC_ACQUIRE)
RK_SIM_LOAD(rk_load_relaxed_sys, rk_u32, __ATOMIC_RELAXED)
RK_SIM_LOAD(rk_load_acquire, rk_u32, __ATOMIC_ACQUIRE)
RK_SIM_LOAD(rk_load_acquire, rk_u64, __ATOMIC_ACQUIRE)
RK_SIM_LOAD(rk_load_relaxed, rk_u32, __ATOMIC_RELAXED)
RK_SIM_LOAD(rk_load_relaxed, rk_u64, __ATOMIC_RELAXED)
RK_SIM_STORE(rk_store_release_sys, rk_u32, __ATOMIC_RELEASE)
RK_SIM_STORE(rk_store_relaxed_sys, rk_u32, __ATOMIC_RELAXED)
RK_SIM_STORE(rk_store_relaxed_sys, rk_u64, __ATOMIC_RELAXED)
RK_SIM_STORE(rk_store_release, rk_u32, __ATOMIC_RELEASE)
RK_SIM_STORE(rk_store_release, rk_u64, __ATOMIC_RELEASE)
RK_SIM_STORE(rk_store_relaxed, rk_u32, __ATOMIC_RELAXED)
RK_SIM_STORE(rk_store_relaxed, rk_u64, __ATOMIC_RELAXED)

// Add, and, or, exchange; and the value from before.
#define RK_SIM_ATOMIC(name, T, does, order) \
  RK_DEV T name(T* p, T v) {                \
    RK_SIM_NOTE(#name);                     \
    return __atomic_##does(p, v, order);    \
  }
RK_SIM_ATOMIC(rk_add, rk_u32, fetch_add, __ATOMIC_ACQ_REL)
RK_SIM_ATOMIC(rk_add_acquire, rk_u32, fetch_add, __ATOMIC_ACQUIRE)
RK_SIM_ATOMIC(rk_add_release, rk_u32, fetch_add, __ATOMIC_RELEASE)
RK_SIM_ATOMIC(rk_add_relaxed, rk_u32, fetch_add, __ATOMIC_RELAXED)
RK_SIM_ATOMIC(rk_add_relaxed, rk_u64, fetch_add, __ATOMIC_RELAXED)
RK_SIM_ATOMIC(rk_tally, rk_u32, fetch_add, __ATOMIC_RELAXED)
RK_SIM_ATOMIC(rk_tally, rk_u64, fetch_add, __ATOMIC_RELAXED)
RK_SIM_ATOMIC(rk_and, rk_u32, fetch_and, __ATOMIC_ACQ_REL)
RK_SIM_ATOMIC(rk_or_relaxed, rk_u32, fetch_or, __ATOMIC_RELAXED)
RK_SIM_ATOMIC(rk_exchange_acquire, rk_u32, exchange_n, __ATOMIC_ACQUIRE)
RK_DEV void rk_tally_max(rk_u32* p, rk_u32 v) {
  RK_SIM_NOTE("rk_tally_max");
  rk_u32 old = __atomic_load_n(p, __ATOMIC_RELAXED);
  while (old < v && !__atomic_compare_exchange_n(p, &old, v, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
  }
}
#define RK_SIM_COMPARE_EXCHANGE(name, order)                                    \
  RK_DEV rk_u32 name(rk_u32* p, rk_u32 wanted, rk_u32 v) {                      \
    RK_SIM_NOTE(#name);                                                         \
    __atomic_compare_exchange_n(p, &wanted, v, false, order, __ATOMIC_RELAXED); \
    return wanted;                                                              \
  }
RK_SIM_COMPARE_EXCHANGE(rk_compare_exchange_release, __ATOMIC_RELEASE)
RK_SIM_COMPARE_EXCHANGE(rk_compare_exchange_relaxed, __ATOMIC_RELAXED)

// The words come in no order. The lane's tail, which the host writes before it asks for anything, is read first here.
RK_DEV RkQuad rk_load_acquire_sys(const RkQuad* p) {
  RK_SIM_NOTE("rk_load_acquire_sys");
  RkQuad v;
  v.y = __atomic_load_n(&p->y, __ATOMIC_ACQUIRE);
  v.w = __atomic_load_n(&p->w, __ATOMIC_ACQUIRE);
  v.z = __atomic_load_n(&p->z, __ATOMIC_ACQUIRE);
  v.x = __atomic_load_n(&p->x, __ATOMIC_ACQUIRE);
  return v;
}

// The lanes of a warp are the threads of a block.
#define RK_WARP_LANE (rk_sim_self.thread % RK_WARP)
RK_DEV void rk_sync_warp() {
  if (RK_WARP > 1u) pthread_barrier_wait(rk_sim_self.barrier);
}
RK_DEV rk_u32 rk_ballot(bool yes) {
  static rk_u32 votes[RK_WARP];
  if (RK_WARP == 1u) return yes;
  votes[RK_WARP_LANE] = yes;
  rk_sync_warp();
  rk_u32 all = 0;
  for (rk_u32 i = 0; i < RK_WARP; i++) all |= votes[i] << i;
  rk_sync_warp();
  return all;
}
RK_DEV rk_u32 rk_ones(rk_u32 word) { return (rk_u32)__builtin_popcount(word); }

// A thread that waits for long gives its core away, because there are more threads than cores.
RK_DEV void rk_sleep(rk_u32 ns) {
  if (ns < 1000) {
    sched_yield();
  } else {
    const struct timespec time = {0, 50000};
    nanosleep(&time, nullptr);
  }
}

RK_DEV rk_u64 rk_clock_ns() {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (rk_u64)t.tv_sec * 1000000000ull + (rk_u64)t.tv_nsec;
}
