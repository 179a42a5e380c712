// Vector: generated, one group of lanes for each turn.
typedef int rk_i32;
typedef long long rk_i64;
#ifndef RK_MATH
#ifdef __CUDACC__
#define RK_MATH(name) name
#define RK_DEVICE_OR_HOST(device, host) device
#else
#define RK_MATH(name) __builtin_##name
#define RK_DEVICE_OR_HOST(device, host) host
#endif
#if defined(__CUDACC__) || defined(__CUDA__)
#define RK_TABLE static __device__ const
#else
#define RK_TABLE static const
#endif
#endif

#ifndef RK_LANES
#define RK_LANES 32u
#endif
#ifndef RK_LANE
#define RK_LANE (threadIdx.x % RK_LANES)
// The lanes come here from different places of the program, which compute capability 7.0 and up allows: for a warp,
// and in this form, that is not the aligned one of __syncthreads, for a block.
static __device__ inline void rk_sync_lanes() {
#if RK_LANES <= 32u
  asm volatile("bar.warp.sync 0xffffffff;" ::: "memory");
#else
  asm volatile("barrier.sync 0;" ::: "memory");
#endif
}
#endif

namespace rk_Vector {

struct Section1 { rk_u32 count; };
struct Section2 { rk_u32 count; };
struct Section3 { rk_u32 count; float v_inv_3; };

struct RkShared {
  RkTurn turn;
  rk_u64 first;
  rk_u32 section, site, value, late;
  union { float f32[64]; } slots[2];
  union { Section1 s1; Section2 s2; Section3 s3; };
};

struct RkLane {
  RkTurn turn;
  rk_u64 first, round;
  rk_u32 site, value, late;
};

template <class T> RK_DEV T rk_load(const unsigned char* at) {
#ifdef __CUDACC__
  return *(const T*)at;
#else
  T value;
  __builtin_memcpy(&value, __builtin_assume_aligned(at, sizeof(T)), sizeof(T));
  return value;
#endif
}

template <class T> RK_DEV void rk_store(unsigned char* at, T value) {
#ifdef __CUDACC__
  *(T*)at = value;
#else
  __builtin_memcpy(__builtin_assume_aligned(at, sizeof(T)), &value, sizeof(T));
#endif
}

RK_DEV float rk_mul_f32(float a, float b) { return RK_DEVICE_OR_HOST(__fmul_rn(a, b), a * b); }

RK_DEV float rk_div_f32(float a, float b) { return RK_DEVICE_OR_HOST(__fdiv_rn(a, b), a / b); }

RK_DEV float rk_sqrt_f32(float a) { return RK_DEVICE_OR_HOST(__fsqrt_rn(a), __builtin_sqrtf(a)); }

RK_DEV void rk_note(RkTurn* rk, rk_u32 site, rk_u32 value) {
  RkLane* const lane = (RkLane*)rk->lane;
  if (lane == 0) return rk_fault(rk, site, value);
  if (lane->first <= lane->round) return;
  lane->first = lane->round;
  lane->site = site;
  lane->value = value;
}

RK_DEV void rk_open(const RkTurn* rk, rk_u32 section) {
  RkShared* const group = (RkShared*)rk->group;
  group->turn = *rk;
  group->first = ~0ull;
  group->late = 0u;
  group->section = section;
  rk_sync_lanes();
}

RK_DEV RkTurn* rk_enter(RkLane* lane, const RkShared* group) {
  lane->turn = group->turn;
  lane->turn.lane = lane;
  lane->first = ~0ull;
  lane->late = 0u;
  return &lane->turn;
}

RK_DEV void rk_leave(const RkLane* lane, RkShared* group) {
#ifdef __CUDACC__
  if (lane->first != ~0ull) atomicMin(&group->first, lane->first);
#else
  rk_u64 first = __atomic_load_n(&group->first, __ATOMIC_RELAXED);
  while (lane->first < first) {
    if (__atomic_compare_exchange_n(&group->first, &first, lane->first, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) break;
  }
#endif
  rk_sync_lanes();
  if (lane->first != ~0ull && lane->first == group->first) {
    group->site = lane->site;
    group->value = lane->value;
  }
  rk_sync_lanes();
}

RK_DEV void rk_close(RkTurn* rk) {
  const RkShared* const group = (const RkShared*)rk->group;
  if (group->first != ~0ull) rk_fault(rk, group->site, group->value);
}

RK_DEV void s1_Fill(RkShared* group) {
  RkLane lane;
  RkTurn* const rk = rk_enter(&lane, group);
  const Section1& all = group->s1;
  const rk_u32 count = all.count;
  for (rk_u64 n = RK_LANE; n < count; n += RK_LANES) {
    lane.round = n;
    rk_u32 v_i_0 = (rk_u32)n;
    // Fill:5:5
    const rk_u32 t0 = v_i_0;
    const float t1 = rk_mul_f32(((float)v_i_0), rk_load<float>(rk->message + 4u /* scale */));
    if (t0 >= 64u) rk_note(rk, 1u, t0); else rk_store<float>(rk->state + 8u + t0 * 4u /* xs[] */, t1);
  }
  rk_leave(&lane, group);
}

RK_DEV void s2_Normalise(RkShared* group) {
  RkLane lane;
  RkTurn* const rk = rk_enter(&lane, group);
  const Section2& all = group->s2;
  const rk_u32 count = all.count;
  for (rk_u32 q = RK_LANE; q < 64u; q += RK_LANES) group->slots[0].f32[q] = 0.0f;
  // No more than 64 lanes: the rounds of a slot are of one lane.
  for (rk_u64 n = RK_LANE; RK_LANE < 64u && n < count; n += (RK_LANES < 64u ? RK_LANES : 64u)) {
    lane.round = n;
    rk_u32 v_i_1 = (rk_u32)n;
    const rk_u32 t0 = v_i_1;
    float t1 = 0.0f;
    if (t0 >= 64u) rk_note(rk, 2u, t0); else t1 = rk_load<float>(rk->state + 8u + t0 * 4u /* xs[] */);
    const rk_u32 t2 = v_i_1;
    float t3 = 0.0f;
    if (t2 >= 64u) rk_note(rk, 3u, t2); else t3 = rk_load<float>(rk->state + 8u + t2 * 4u /* xs[] */);
    const float t4 = rk_mul_f32(t1, t3);
    group->slots[0].f32[n & 63u] = (group->slots[0].f32[n & 63u] + t4);
  }
  rk_sync_lanes();
  for (rk_u32 half = 32u; half > 0u; half >>= 1) {
    for (rk_u32 q = RK_LANE; q < half; q += RK_LANES) group->slots[0].f32[q] = (group->slots[0].f32[q] + group->slots[0].f32[q + half]);
    rk_sync_lanes();
  }
  rk_leave(&lane, group);
}

RK_DEV void s3_Normalise(RkShared* group) {
  RkLane lane;
  RkTurn* const rk = rk_enter(&lane, group);
  const Section3& all = group->s3;
  const rk_u32 count = all.count;
  const float v_inv_3 = all.v_inv_3;
  for (rk_u64 n = RK_LANE; n < count; n += RK_LANES) {
    lane.round = n;
    rk_u32 v_i_4 = (rk_u32)n;
    // Normalise:8:7
    const rk_u32 t0 = v_i_4;
    const rk_u32 t1 = v_i_4;
    float t2 = 0.0f;
    if (t1 >= 64u) rk_note(rk, 5u, t1); else t2 = rk_load<float>(rk->state + 8u + t1 * 4u /* xs[] */);
    const float t3 = rk_mul_f32(t2, v_inv_3);
    if (t0 >= 64u) rk_note(rk, 4u, t0); else rk_store<float>(rk->state + 8u + t0 * 4u /* xs[] */, t3);
  }
  rk_leave(&lane, group);
}

RK_DEV void h0_Fill(RkTurn* rk) {
  // Fill:3:4
  rk_store<rk_u32>(rk->state + 0u /* n */, rk_load<rk_u32>(rk->message + 0u /* n */));
  // Fill:4:4
  const rk_u32 t1 = rk_load<rk_u32>(rk->state + 0u /* n */);
  RkShared* const t0 = (RkShared*)rk->group;
  t0->s1.count = t1;
  rk_open(rk, 1u);
  s1_Fill(t0);
  rk_close(rk);
}

RK_DEV void h1_Normalise(RkTurn* rk) {
  // Normalise:3:9
  rk_u32 v_k_0 = 0u;
  for (; (v_k_0 < rk_load<rk_u32>(rk->message + 0u /* rounds */)); v_k_0 = (v_k_0 + 1u)) {
    // Normalise:4:24
    const rk_u32 t1 = rk_load<rk_u32>(rk->state + 0u /* n */);
    RkShared* const t0 = (RkShared*)rk->group;
    t0->s2.count = t1;
    rk_open(rk, 2u);
    s2_Normalise(t0);
    rk_close(rk);
    float v_sum_2 = t0->slots[0].f32[0];
    rk_store<float>(rk->state + 4u /* norm */, rk_sqrt_f32(v_sum_2));
    // Normalise:5:5
    if ((rk_load<float>(rk->state + 4u /* norm */) > rk_load<float>(rk->message + 4u /* eps */))) {
      // Normalise:6:6
      float v_inv_3 = rk_div_f32(1.0f, rk_load<float>(rk->state + 4u /* norm */));
      // Normalise:7:6
      const rk_u32 t3 = rk_load<rk_u32>(rk->state + 0u /* n */);
      RkShared* const t2 = (RkShared*)rk->group;
      t2->s3.count = t3;
      t2->s3.v_inv_3 = v_inv_3;
      rk_open(rk, 3u);
      s3_Normalise(t2);
      rk_close(rk);
    }
  }
}

RK_DEV void rk_serve(RkShared* group) {
  for (;;) {
    rk_sync_lanes();
    switch (group->section) {
      case 1u: s1_Fill(group); break;
      case 2u: s2_Normalise(group); break;
      case 3u: s3_Normalise(group); break;
      default: return;
    }
  }
}

RK_DEV void rk_dismiss(RkShared* group) {
  group->section = 0u;
  rk_sync_lanes();
}

RK_DEV bool rk_handle(RkTurn* rk, rk_u32 type) {
  switch (type) {
    case 1155428870u: h0_Fill(rk); return true;
    case 2306994540u: h1_Normalise(rk); return true;
    default: return false;
  }
}
}
