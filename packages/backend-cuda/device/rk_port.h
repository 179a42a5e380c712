// One device source for four compilers: NVRTC (which has no header at all), nvcc, clang, and g++ for the simulation.
//
// Queue memory is only touched through these, or plainly between an acquire and a release. Never through __ldg or
// `const __restrict__`: such loads are not coherent, and stale for ever in a kernel that does not end.
#pragma once

typedef unsigned int rk_u32;
typedef unsigned long long rk_u64;
typedef unsigned char rk_u8;

// Four words that travel as one request.
struct alignas(16) RkQuad {
  rk_u32 x, y, z, w;
};

#if defined(__CUDACC__) || defined(__CUDACC_RTC__) || defined(__CUDA__)

#define RK_WARP 32u
#define RK_HOT_TURNS 4096u  // looks at the host's memory, of about a microsecond, before the dispatcher rests between two
#define RK_DEV __device__ __forceinline__
#define RK_KERNEL(name, Parameters) extern "C" __global__ void name(Parameters p)
#define RK_TID (threadIdx.x)
#define RK_BDIM (blockDim.x)
#define RK_BID (blockIdx.x)
#define RK_GDIM (gridDim.x)
// Memory that the threads of a block share.
#define RK_SHARED(T, name)        \
  __shared__ T name##_of_block;   \
  T* const name = &name##_of_block

#define RK_LOAD(name, T, op, constraint)                                               \
  RK_DEV T name(const T* p) {                                                          \
    T v;                                                                               \
    asm volatile("ld." op " %0, [%1];" : "=" constraint(v) : "l"(p) : "memory");       \
    return v;                                                                          \
  }
#define RK_STORE(name, T, op, constraint) \
  RK_DEV void name(T* p, T v) { asm volatile("st." op " [%0], %1;" ::"l"(p), constraint(v) : "memory"); }
// `sys`: the other side is the host. A release to it costs about a microsecond, so it is done once for a batch.
RK_LOAD(rk_load_acquire_sys, rk_u32, "acquire.sys.global.u32", "r")
RK_LOAD(rk_load_relaxed_sys, rk_u32, "relaxed.sys.global.u32", "r")
RK_LOAD(rk_load_acquire, rk_u32, "acquire.gpu.global.u32", "r")
RK_LOAD(rk_load_acquire, rk_u64, "acquire.gpu.global.u64", "l")
RK_LOAD(rk_load_relaxed, rk_u32, "relaxed.gpu.global.u32", "r")
RK_LOAD(rk_load_relaxed, rk_u64, "relaxed.gpu.global.u64", "l")
RK_STORE(rk_store_release_sys, rk_u32, "release.sys.global.u32", "r")
RK_STORE(rk_store_relaxed_sys, rk_u32, "relaxed.sys.global.u32", "r")
RK_STORE(rk_store_relaxed_sys, rk_u64, "relaxed.sys.global.u64", "l")
RK_STORE(rk_store_release, rk_u32, "release.gpu.global.u32", "r")
RK_STORE(rk_store_release, rk_u64, "release.gpu.global.u64", "l")
RK_STORE(rk_store_relaxed, rk_u32, "relaxed.gpu.global.u32", "r")
RK_STORE(rk_store_relaxed, rk_u64, "relaxed.gpu.global.u64", "l")

// One read of the host's memory for four of its words, in no order among themselves.
RK_DEV RkQuad rk_load_acquire_sys(const RkQuad* p) {
  RkQuad v;
  asm volatile("ld.acquire.sys.global.v4.u32 {%0, %1, %2, %3}, [%4];"
               : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w)
               : "l"(p)
               : "memory");
  return v;
}

#define RK_ATOMIC(name, T, op, constraint)                                                            \
  RK_DEV T name(T* p, T v) {                                                                          \
    T old;                                                                                            \
    asm volatile("atom." op " %0, [%1], %2;" : "=" constraint(old) : "l"(p), constraint(v) : "memory"); \
    return old;                                                                                       \
  }
RK_ATOMIC(rk_add, rk_u32, "add.acq_rel.gpu.global.u32", "r")
RK_ATOMIC(rk_add_relaxed, rk_u32, "add.relaxed.gpu.global.u32", "r")
RK_ATOMIC(rk_add_relaxed, rk_u64, "add.relaxed.gpu.global.u64", "l")
RK_ATOMIC(rk_or_relaxed, rk_u32, "or.relaxed.gpu.global.b32", "r")
RK_ATOMIC(rk_and, rk_u32, "and.acq_rel.gpu.global.b32", "r")
// A release waits until what the thread has written is there, an acquire drops the L1 cache: only what is needed is asked.
RK_ATOMIC(rk_add_acquire, rk_u32, "add.acquire.gpu.global.u32", "r")
RK_ATOMIC(rk_exchange_acquire, rk_u32, "exch.acquire.gpu.global.b32", "r")
// Nobody waits for these: they have no result.
#define RK_REDUCTION(name, T, op, constraint) \
  RK_DEV void name(T* p, T v) { asm volatile("red." op " [%0], %1;" ::"l"(p), constraint(v) : "memory"); }
RK_REDUCTION(rk_add_release, rk_u32, "release.gpu.global.add.u32", "r")
RK_REDUCTION(rk_tally, rk_u32, "relaxed.gpu.global.add.u32", "r")
RK_REDUCTION(rk_tally, rk_u64, "relaxed.gpu.global.add.u64", "l")
RK_REDUCTION(rk_tally_max, rk_u32, "relaxed.gpu.global.max.u32", "r")
#define RK_COMPARE_EXCHANGE(name, order)                               \
  RK_DEV rk_u32 name(rk_u32* p, rk_u32 wanted, rk_u32 v) {             \
    rk_u32 old;                                                        \
    asm volatile("atom.cas." order ".gpu.global.b32 %0, [%1], %2, %3;" \
                 : "=r"(old)                                           \
                 : "l"(p), "r"(wanted), "r"(v)                         \
                 : "memory");                                          \
    return old;                                                        \
  }
RK_COMPARE_EXCHANGE(rk_compare_exchange_release, "release")
RK_COMPARE_EXCHANGE(rk_compare_exchange_relaxed, "relaxed")

// The lanes of a warp: which one this is, all of them here, and who of them says yes.
#define RK_WARP_LANE (threadIdx.x % RK_WARP)
RK_DEV void rk_sync_warp() { asm volatile("bar.warp.sync 0xffffffff;" ::: "memory"); }
RK_DEV rk_u32 rk_ballot(bool yes) {
  rk_u32 all;
  asm volatile("{ .reg .pred p; setp.ne.u32 p, %1, 0; vote.sync.ballot.b32 %0, p, 0xffffffff; }"
               : "=r"(all)
               : "r"((rk_u32)yes)
               : "memory");
  return all;
}
RK_DEV rk_u32 rk_ones(rk_u32 word) {
  rk_u32 ones;
  asm("popc.b32 %0, %1;" : "=r"(ones) : "r"(word));
  return ones;
}

RK_DEV void rk_sleep(rk_u32 ns) { asm volatile("nanosleep.u32 %0;" ::"r"(ns)); }
RK_DEV rk_u64 rk_clock_ns() {
  rk_u64 t;
  asm volatile("mov.u64 %0, %%globaltimer;" : "=l"(t));
  return t;
}

#else
#include "rk_sim.h"
#endif
