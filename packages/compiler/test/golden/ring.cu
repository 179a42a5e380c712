// Ring: generated, one thread for each turn.
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

namespace rk_Ring {

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

RK_DEV rk_i32 rk_sub_i32(rk_i32 a, rk_i32 b) { return (rk_i32)((rk_u32)a - (rk_u32)b); }

RK_DEV rk_u32 rk_rem_u32(rk_u32 a, rk_u32 b) { return b == 0u ? 0u : a % b; }

RK_DEV rk_u32 rk_random(RkTurn* rk) {
  const rk_u32 draw = *rk->draws;
  *rk->draws = draw + 1u;
  rk_u32 x0 = draw, x1 = 0u, x2 = rk->index, x3 = 0u, k0 = rk->seed, k1 = 0x52696e67u;
  for (rk_u32 round = 0u; round < 10u; round++) {
    const rk_u64 a = (rk_u64)0xd2511f53u * x0, b = (rk_u64)0xcd9e8d57u * x2;
    x0 = (rk_u32)(b >> 32) ^ x1 ^ k0;
    x1 = (rk_u32)b;
    x2 = (rk_u32)(a >> 32) ^ x3 ^ k1;
    x3 = (rk_u32)a;
    k0 += 0x9e3779b9u;
    k1 += 0xbb67ae85u;
  }
  return x0;
}

RK_DEV void h0_Wire(RkTurn* rk) {
  // Wire:2:4
  rk_store<rk_u32>(rk->state + 0u /* next */, rk_load<rk_u32>(rk->message + 0u /* next */));
}

RK_DEV void h1_Token(RkTurn* rk) {
  // Token:3:4
  rk_store<rk_u32>(rk->state + 4u /* seen */, (rk_load<rk_u32>(rk->state + 4u /* seen */) + 1u));
  // Token:4:4
  const rk_u32 t0 = rk_rem_u32(rk_load<rk_u32>(rk->state + 4u /* seen */), 4u);
  const rk_u32 t1 = rk_load<rk_u32>(rk->message + 4u /* value */);
  if (t0 >= 4u) rk_fault(rk, 1u, t0); else rk_store<rk_u32>(rk->state + 12u + t0 * 4u /* trace[] */, t1);
  // Token:5:4
  rk_u32 v_v_0 = rk_load<rk_u32>(rk->message + 4u /* value */);
  // Token:6:4
  v_v_0 = (v_v_0 ^ (v_v_0 << (13u & 31u)));
  // Token:7:4
  v_v_0 = (v_v_0 ^ (v_v_0 >> (17u & 31u)));
  // Token:8:4
  v_v_0 = (v_v_0 ^ (v_v_0 << (5u & 31u)));
  // Token:9:4
  rk_store<rk_u32>(rk->state + 8u /* hash */, (((rk_load<rk_u32>(rk->state + 8u /* hash */) ^ v_v_0) * 16777619u) + rk->self));
  // Token:10:15
  float v_draw_1 = (float)(rk_random(rk) >> 8) * 5.9604644775390625e-8f;
  rk_store<float>(rk->state + 28u /* drift */, (rk_load<float>(rk->state + 28u /* drift */) + (v_draw_1 - 0.5f)));
  // Token:11:4
  if ((rk_load<rk_i32>(rk->message + 0u /* hops */) > 0)) {
    const rk_u32 t2 = rk_load<rk_u32>(rk->state + 0u /* next */);
    const rk_i32 t3 = rk_sub_i32(rk_load<rk_i32>(rk->message + 0u /* hops */), 1);
    const rk_u32 t4 = v_v_0;
    if (unsigned char* const t5 = rk_send(rk, t2, 810311550u, 8u, 1u)) {
      rk_store<rk_i32>(t5 + 0u, t3);
      rk_store<rk_u32>(t5 + 4u, t4);
    }
  } else {
    // Token:15:9
    const rk_u32 t6 = v_v_0;
    const rk_u32 t7 = rk_load<rk_u32>(rk->state + 8u /* hash */);
    const float t8 = rk_load<float>(rk->state + 28u /* drift */);
    if (unsigned char* const t9 = rk_emit(rk, 1012895137u, 12u)) {
      rk_store<rk_u32>(t9 + 0u, t6);
      rk_store<rk_u32>(t9 + 4u, t7);
      rk_store<float>(t9 + 8u, t8);
    }
  }
}

RK_DEV bool rk_handle(RkTurn* rk, rk_u32 type) {
  switch (type) {
    case 1806853730u: h0_Wire(rk); return true;
    case 810311550u: h1_Token(rk); return true;
    default: return false;
  }
}
}
