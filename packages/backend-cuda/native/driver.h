// The CUDA driver, loaded at run time: our own declarations, no CUDA header, nothing linked.
//
// Names carry their exact suffix (`_v2`) and are found with dlsym: what an exported symbol means never changes, while
// cuGetProcAddress hands out a newer signature to whoever asks with a newer version.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace rk {

using CUresult = int;
using CUdevice = int;
using CUcontext = struct CUctx_st*;
using CUmodule = struct CUmod_st*;
using CUfunction = struct CUfunc_st*;
using CUstream = struct CUstream_st*;
using CUdeviceptr = unsigned long long;

constexpr CUresult kSuccess = 0;
constexpr CUresult kNoDevice = 100;
constexpr CUresult kNotReady = 600;

struct CUuuid {
  unsigned char bytes[16];
};

// Every entry is there since CUDA 11.0 (driver 450). Copies and memsets have a stream each: those without one go to the
// legacy stream, which no non-blocking stream waits for, and may return before the device has what was written.
#define RK_DRIVER_ENTRIES(X)                                                                        \
  X(cuInit, (unsigned flags))                                                                       \
  X(cuDriverGetVersion, (int* version))                                                             \
  X(cuGetErrorName, (CUresult error, const char** text))                                            \
  X(cuGetErrorString, (CUresult error, const char** text))                                          \
  X(cuDeviceGetCount, (int* count))                                                                 \
  X(cuDeviceGet, (CUdevice * device, int ordinal))                                                  \
  X(cuDeviceGetName, (char* name, int length, CUdevice device))                                     \
  X(cuDeviceGetUuid, (CUuuid * uuid, CUdevice device))                                              \
  X(cuDeviceGetAttribute, (int* value, int attribute, CUdevice device))                             \
  X(cuDeviceTotalMem_v2, (size_t * bytes, CUdevice device))                                         \
  X(cuDeviceCanAccessPeer, (int* can, CUdevice device, CUdevice peer))                              \
  X(cuDevicePrimaryCtxGetState, (CUdevice device, unsigned* flags, int* active))                    \
  X(cuDevicePrimaryCtxSetFlags_v2, (CUdevice device, unsigned flags))                               \
  X(cuDevicePrimaryCtxRetain, (CUcontext * context, CUdevice device))                               \
  X(cuDevicePrimaryCtxRelease_v2, (CUdevice device))                                                \
  X(cuCtxEnablePeerAccess, (CUcontext peer, unsigned flags))                                         \
  X(cuMemcpyPeerAsync, (CUdeviceptr to, CUcontext to_context, CUdeviceptr from,                      \
                        CUcontext from_context, size_t bytes, CUstream stream))                     \
  X(cuCtxSetCurrent, (CUcontext context))                                                           \
  X(cuMemAlloc_v2, (CUdeviceptr * pointer, size_t bytes))                                           \
  X(cuMemFree_v2, (CUdeviceptr pointer))                                                            \
  X(cuMemsetD8Async, (CUdeviceptr pointer, unsigned char value, size_t bytes, CUstream stream))     \
  X(cuMemcpyHtoDAsync_v2, (CUdeviceptr to, const void* from, size_t bytes, CUstream stream))        \
  X(cuMemcpyDtoHAsync_v2, (void* to, CUdeviceptr from, size_t bytes, CUstream stream))              \
  X(cuMemHostAlloc, (void** pointer, size_t bytes, unsigned flags))                                 \
  X(cuMemFreeHost, (void* pointer))                                                                 \
  X(cuMemHostRegister_v2, (void* pointer, size_t bytes, unsigned flags))                            \
  X(cuMemHostUnregister, (void* pointer))                                                           \
  X(cuMemHostGetDevicePointer_v2, (CUdeviceptr * device, void* pointer, unsigned flags))            \
  X(cuStreamCreateWithPriority, (CUstream * stream, unsigned flags, int priority))                  \
  X(cuStreamDestroy_v2, (CUstream stream))                                                          \
  X(cuStreamSynchronize, (CUstream stream))                                                         \
  X(cuStreamQuery, (CUstream stream))                                                               \
  X(cuModuleLoadDataEx, (CUmodule * module, const void* image, unsigned n, int* keys, void** values)) \
  X(cuModuleUnload, (CUmodule module))                                                              \
  X(cuModuleGetFunction, (CUfunction * function, CUmodule module, const char* name))                \
  X(cuFuncGetAttribute, (int* value, int attribute, CUfunction function))                           \
  X(cuOccupancyMaxActiveBlocksPerMultiprocessor,                                                    \
    (int* blocks, CUfunction function, int threads, size_t shared))                                 \
  X(cuLaunchKernel, (CUfunction function, unsigned gx, unsigned gy, unsigned gz, unsigned bx,       \
                     unsigned by, unsigned bz, unsigned shared, CUstream stream, void** arguments,  \
                     void** extra))

// Entries of newer drivers; null where the driver has none.
#define RK_NEWER_DRIVER_ENTRIES(X) X(cuFuncLoad, (CUfunction function))  // CUDA 12.4

#if defined(_WIN32)
#define RK_DRIVER_CALL __stdcall
#else
#define RK_DRIVER_CALL
#endif

// A loaded driver library. Libraries are loaded once for the process and never unloaded: threads of a driver outlive
// every caller.
struct Driver {
#define X(name, parameters) CUresult(RK_DRIVER_CALL* name) parameters = nullptr;
  RK_DRIVER_ENTRIES(X)
  RK_NEWER_DRIVER_ENTRIES(X)
#undef X
  std::string path;
  int version = 0;
};

// Why a library or a call could not be used; `code` is empty when all went well.
struct Failure {
  std::string code;
  std::string message;
  std::string call;
  CUresult result = kSuccess;
  std::string result_name;
  std::string log;
  explicit operator bool() const { return !code.empty(); }
};

// The failed call in the driver's own words.
Failure driver_failure(const Driver& driver, const char* call, CUresult result);

// Sets what kernels that stay want of a driver, where the user has not, and loads the first of these libraries that can
// be; `reasons` says of each other one why not. Does not start the driver.
Failure load_driver(const std::vector<std::string>& paths, std::vector<std::string>& reasons,
                    std::shared_ptr<const Driver>& loaded);

// cuInit, once for each library; fails with RK_CUDA_NO_DEVICE when there is none.
Failure start_driver(const Driver& driver);

// dlopen and dlsym, with the reason in words.
void* open_library(const std::string& path, std::string& reason);
void* find_symbol(void* library, const char* name);

// Loads a library that lies in the folder of the one that has this symbol, if there is one. What the other then looks for
// on the loader's path only, it finds: it is loaded already.
void open_beside(void* symbol, const std::string& name);

}  // namespace rk
