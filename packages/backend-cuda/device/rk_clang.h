// What clang needs to compile the device source without any file of NVIDIA's: included before everything else by
// `-include`. Generated text then takes the builtins that it also takes with g++.
#pragma once

#define __device__ __attribute__((device))
#define __global__ __attribute__((global))
#define __shared__ __attribute__((shared))
#define __forceinline__ __attribute__((always_inline)) inline

struct RkClangIndex {
  unsigned x;
};
#define threadIdx (RkClangIndex{(unsigned)__nvvm_read_ptx_sreg_tid_x()})
#define blockIdx (RkClangIndex{(unsigned)__nvvm_read_ptx_sreg_ctaid_x()})
#define blockDim (RkClangIndex{(unsigned)__nvvm_read_ptx_sreg_ntid_x()})
#define gridDim (RkClangIndex{(unsigned)__nvvm_read_ptx_sreg_nctaid_x()})

// What generated text asks for (see the compiler's cuda/emit.ts). The functions that clang has no code for on a GPU
// (sin to pow) are missing here, so that a program with them is refused by their names.
#define RK_MATH(name) rk_clang_##name
#define RK_DEVICE_OR_HOST(device, host) host
#define RK_TABLE static __device__ const
#define RK_CLANG_MATH(name)                                                                      \
  static __device__ inline float rk_clang_##name##f(float a) { return __builtin_##name##f(a); } \
  static __device__ inline double rk_clang_##name(double a) { return __builtin_##name(a); }
RK_CLANG_MATH(fabs)
RK_CLANG_MATH(floor)
RK_CLANG_MATH(ceil)
RK_CLANG_MATH(trunc)
