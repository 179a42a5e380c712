import { fromFloat, type LibraryPart, minMax, signed, unsigned } from './arithmetic.ts';
import { groupLibrary } from './group.ts';

/**
 * The functions that generated text shares. Only those that a module uses, and what they need, are written into it.
 * None has undefined behaviour for any argument.
 */
const library: LibraryPart = {
  // Not every NVRTC has the builtins, and nvcc takes no two accesses apart by their types. clang and g++ do.
  rk_load: `template <class T> RK_DEV T rk_load(const unsigned char* at) {
#ifdef __CUDACC__
  return *(const T*)at;
#else
  T value;
  __builtin_memcpy(&value, __builtin_assume_aligned(at, sizeof(T)), sizeof(T));
  return value;
#endif
}`,
  rk_store: `template <class T> RK_DEV void rk_store(unsigned char* at, T value) {
#ifdef __CUDACC__
  *(T*)at = value;
#else
  __builtin_memcpy(__builtin_assume_aligned(at, sizeof(T)), &value, sizeof(T));
#endif
}`,
  rk_copy_words: `RK_DEV void rk_copy_words(unsigned char* to, const unsigned char* from, rk_u32 words) {
  for (rk_u32 i = 0u; i < words; i++) rk_store<rk_u32>(to + i * 4u, rk_load<rk_u32>(from + i * 4u));
}`,
  rk_copy_words_back: `RK_DEV void rk_copy_words_back(unsigned char* to, const unsigned char* from, rk_u32 words) {
  for (rk_u32 i = words; i-- > 0u;) rk_store<rk_u32>(to + i * 4u, rk_load<rk_u32>(from + i * 4u));
}`,
  rk_copy_bytes: `RK_DEV void rk_copy_bytes(unsigned char* to, const unsigned char* from, rk_u32 bytes) {
  for (rk_u32 i = 0u; i < bytes; i++) to[i] = from[i];
}`,
  rk_copy_bytes_back: `RK_DEV void rk_copy_bytes_back(unsigned char* to, const unsigned char* from, rk_u32 bytes) {
  for (rk_u32 i = bytes; i-- > 0u;) to[i] = from[i];
}`,
  rk_f32_bits: `RK_DEV float rk_f32_bits(rk_u32 bits) {
#ifdef __CUDACC__
  return __uint_as_float(bits);
#else
  float value;
  __builtin_memcpy(&value, &bits, 4);
  return value;
#endif
}`,
  rk_f64_bits: `RK_DEV double rk_f64_bits(rk_u64 bits) {
#ifdef __CUDACC__
  return __longlong_as_double((rk_i64)bits);
#else
  double value;
  __builtin_memcpy(&value, &bits, 8);
  return value;
#endif
}`,
  // 0xffffffff is nobody's address: what is sent there is dead-lettered as `not-found`.
  rk_at: `RK_DEV rk_u32 rk_at(const RkTurn* rk, rk_u32 index) {
  return index < rk->instances ? rk->base + index : 0xffffffffu;
}`,
  ...signed('i32', 'rk_u32'),
  ...signed('i64', 'rk_u64'),
  ...unsigned('u32'),
  ...unsigned('u64'),
  ...minMax('i32', 'rk_i32'),
  ...minMax('u32', 'rk_u32'),
  ...minMax('i64', 'rk_i64'),
  ...minMax('u64', 'rk_u64'),
  ...minMax('f32', 'float'),
  ...minMax('f64', 'double'),
  ...fromFloat('f32', 'float', 'f'),
  ...fromFloat('f64', 'double', ''),
  // A product that nvcc may not fuse with a sum, whatever --fmad says.
  rk_mul_f32: `RK_DEV float rk_mul_f32(float a, float b) { return RK_DEVICE_OR_HOST(__fmul_rn(a, b), a * b); }`,
  rk_mul_f64: `RK_DEV double rk_mul_f64(double a, double b) { return RK_DEVICE_OR_HOST(__dmul_rn(a, b), a * b); }`,
  rk_div_f32: `RK_DEV float rk_div_f32(float a, float b) { return RK_DEVICE_OR_HOST(__fdiv_rn(a, b), a / b); }`,
  rk_div_f64: `RK_DEV double rk_div_f64(double a, double b) { return RK_DEVICE_OR_HOST(__ddiv_rn(a, b), a / b); }`,
  rk_sqrt_f32: `RK_DEV float rk_sqrt_f32(float a) { return RK_DEVICE_OR_HOST(__fsqrt_rn(a), __builtin_sqrtf(a)); }`,
  rk_sqrt_f64: `RK_DEV double rk_sqrt_f64(double a) { return RK_DEVICE_OR_HOST(__dsqrt_rn(a), __builtin_sqrt(a)); }`,
  rk_clz: `RK_DEV rk_u32 rk_clz(rk_u32 a) {
  return a == 0u ? 32u : (rk_u32)RK_DEVICE_OR_HOST(__clz((int)a), __builtin_clz(a));
}`,
  rk_mulhi_u32: `RK_DEV rk_u32 rk_mulhi_u32(rk_u32 a, rk_u32 b) { return (rk_u32)(((rk_u64)a * b) >> 32); }`,
  rk_mulhi_i32: `RK_DEV rk_i32 rk_mulhi_i32(rk_i32 a, rk_i32 b) { return (rk_i32)(((rk_i64)a * b) >> 32); }`,
  rk_rotl: `RK_DEV rk_u32 rk_rotl(rk_u32 a, rk_u32 n) { return (a << (n & 31u)) | (a >> ((32u - n) & 31u)); }`,
  // Philox 4x32-10 (Salmon et al., SC11): key (seed, 'Ring'), counter (draw, 0, instance, 0).
  rk_random: `RK_DEV rk_u32 rk_random(RkTurn* rk) {
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
}`,
  ...groupLibrary,
};

/** Which of them call others. */
const needs: Readonly<Record<string, readonly string[]>> = {
  rk_copy_words: ['rk_load', 'rk_store'],
  rk_copy_words_back: ['rk_load', 'rk_store'],
};

/** The text of the named functions and of what they need, always in the same order. */
export function libraryText(used: ReadonlySet<string>): string[] {
  const all = new Set([...used].flatMap((name) => [...(needs[name] ?? []), name]));
  for (const name of all) {
    if (!(name in library)) throw new RangeError(`the library has no function ${name}`);
  }
  return Object.keys(library).flatMap((name) => (all.has(name) ? [library[name] ?? ''] : []));
}
