// Counter: generated, one thread for each turn.
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

namespace rk_Counter {

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

RK_DEV void h0_Inc(RkTurn* rk) {
  // Inc:2:4
  rk_store<rk_u32>(rk->state + 0u /* count */, (rk_load<rk_u32>(rk->state + 0u /* count */) + rk_load<rk_u32>(rk->message + 0u /* by */)));
  // Inc:3:4
  rk_store<rk_u64>(rk->state + 8u /* total */, (rk_load<rk_u64>(rk->state + 8u /* total */) + ((rk_u64)rk_load<rk_u32>(rk->message + 0u /* by */))));
}

RK_DEV void h1_Dec(RkTurn* rk) {
  // Dec:2:4
  rk_store<rk_i32>(rk->state + 16u /* low */, rk_sub_i32(rk_load<rk_i32>(rk->state + 16u /* low */), rk_load<rk_i32>(rk->message + 0u /* by */)));
  // Dec:3:4
  if ((rk_load<rk_i32>(rk->state + 16u /* low */) < 0)) {
    rk_store<rk_u32>(rk->state + 0u /* count */, (rk_load<rk_u32>(rk->state + 0u /* count */) - 1u));
  }
}

RK_DEV void h2_Get(RkTurn* rk) {
  // Get:2:4
  const rk_u32 t0 = rk_load<rk_u32>(rk->state + 0u /* count */);
  const rk_u64 t1 = rk_load<rk_u64>(rk->state + 8u /* total */);
  const rk_i32 t2 = rk_load<rk_i32>(rk->state + 16u /* low */);
  if (unsigned char* const t3 = rk_reply(rk, 1664729039u, 24u)) {
    rk_store<rk_u32>(t3 + 0u, t0);
    rk_store<rk_u64>(t3 + 8u, t1);
    rk_store<rk_i32>(t3 + 16u, t2);
  }
}

RK_DEV bool rk_handle(RkTurn* rk, rk_u32 type) {
  switch (type) {
    case 1271955075u: h0_Inc(rk); return true;
    case 2722396747u: h1_Dec(rk); return true;
    case 2362602444u: h2_Get(rk); return true;
    default: return false;
  }
}
}
