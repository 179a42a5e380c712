// A stand-in for the CUDA driver that runs kernels, compiled by g++ from the same source, on CPU threads: what
// native/driver.h lists and no more. Selected by its path only.
//
// It is as strict as a GPU's driver may be. What is launched and finds no room waits for it. What allocates, frees or
// loads waits for all kernels of the context; one that waits for a kernel that does not end is told, and ends the
// process. Code is loaded with its module when CUDA_MODULE_LOADING is EAGER, or by cuFuncLoad; a first launch that has to
// load it waits, and so does one that needs more local memory than any before. Each function needs more than those that
// were found before.
//
// RK_SIM_FAIL=call:result makes one call fail, for tests of what happens then; the results `crash` and `hang` do that.
// RK_SIM_DEVICES=N makes the driver list N devices that differ in their UUIDs. RK_SIM_PLACES=N gives it room for fewer
// warps at once than it tells, as if others used it. RK_SIM_QUEUES=N lets the kernels of all streams wait in N queues.
#include <dlfcn.h>
#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#define API extern "C" __attribute__((visibility("default"))) int

namespace {

constexpr int kInvalidValue = 1, kOutOfMemory = 2, kNotInitialized = 3, kNoDevice = 100;
constexpr int kInvalidDevice = 101, kInvalidImage = 200, kNotFound = 500, kNotReady = 600;
constexpr int kOutOfResources = 701, kNoPeerAccess = 217, kPeerAccessAlready = 704;
constexpr int kNoContext = 201;
constexpr unsigned kMostThreads = 2048;
#ifdef RK_WARP
constexpr int kWarp = RK_WARP;
#else
constexpr int kWarp = 1;
#endif
constexpr int kMostOfBlock = 128;  // threads that a block has room for
constexpr size_t kSharedBytes = 48 << 10;  // of a block
constexpr unsigned kMultiprocessors = 4;
constexpr unsigned kWarpsEach = 64;  // on each of them at once
constexpr auto kPatience = std::chrono::seconds(20);
constexpr size_t kMemoryBytes = size_t{1} << 30;

struct ThreadIndex {
  uint32_t thread, threads, block, blocks;
  pthread_barrier_t* barrier;
  void* shared;
};

// What the threads of a block have together.
struct Block {
  explicit Block(unsigned threads) : shared(kSharedBytes / sizeof(uint64_t)) {
    pthread_barrier_init(&barrier, nullptr, threads);
  }
  ~Block() { pthread_barrier_destroy(&barrier); }
  pthread_barrier_t barrier;
  std::vector<uint64_t> shared;
};
using Entry = void (*)(const ThreadIndex*, void*);

struct Function {
  Entry entry;
  size_t parameter_bytes;
  bool loaded;
  unsigned local_bytes;  // of a thread
};

// A device's primary context: its memory, and the kernels that run there.
struct Context {
  int device = 0;
  std::set<Context*> peers;  // whose memory it may reach
  std::mutex mutex;
  std::condition_variable changed;
  unsigned kernels = 0;   // launched, and not at their end
  unsigned streams = 0;   // made so far
  uint64_t launches = 0;
  std::map<unsigned, std::set<uint64_t>> queues;  // launches that are not at their end, by the queue they wait in
  unsigned resident = 0;  // warps of those that run
  unsigned local_bytes = 0;  // of each thread that could be resident
};

struct Module {
  void* library;
  std::vector<Function*> functions;
  bool eager;
};

unsigned number_of(const char* variable, unsigned usual) {
  const char* wanted = getenv(variable);
  return wanted == nullptr ? usual : static_cast<unsigned>(atoi(wanted));
}

unsigned places() { return number_of("RK_SIM_PLACES", kMultiprocessors * kWarpsEach); }

// Waits until no kernel runs in the context. On a GPU it could be for ever.
void synchronize(Context* context, const char* call) {
  if (context == nullptr) return;
  std::unique_lock<std::mutex> lock(context->mutex);
  if (context->changed.wait_for(lock, kPatience, [context] { return context->kernels == 0; })) return;
  fprintf(stderr, "simulated CUDA driver: %s waits for a kernel that does not end\n", call);
  abort();
}

// What is asked of a stream is done in order by a thread of its own.
class Stream {
 public:
  explicit Stream(Context* of) : context(of), thread_([this] { run(); }) {
    std::lock_guard<std::mutex> lock(of->mutex);
    number = of->streams++;
  }
  ~Stream() {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      ending_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }
  void add(std::function<void()> work) {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      queue_.push_back(std::move(work));
    }
    changed_.notify_all();
  }
  bool idle() {
    std::lock_guard<std::mutex> lock(mutex_);
    return queue_.empty();
  }
  void wait() {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [this] { return queue_.empty(); });
  }
  Context* const context;
  unsigned number = 0;

 private:
  void run() {
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
      changed_.wait(lock, [this] { return ending_ || !queue_.empty(); });
      if (queue_.empty()) return;
      auto& work = queue_.front();
      lock.unlock();
      work();
      lock.lock();
      queue_.pop_front();
      changed_.notify_all();
    }
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> queue_;
  bool ending_ = false;
  std::thread thread_;
};

std::mutex memory_mutex;

struct Allocation {
  size_t bytes;
  Context* context;  // null: memory of the host
};

std::map<uintptr_t, Allocation> allocations;
size_t allocated = 0;
bool initialized = false;
constexpr int kMostDevices = 16;
Context contexts[kMostDevices];
thread_local Context* current = nullptr;

int injected(const char* call) {
  const char* wanted = getenv("RK_SIM_FAIL");
  const size_t length = strlen(call);
  if (wanted == nullptr || strncmp(wanted, call, length) != 0 || wanted[length] != ':') return 0;
  const char* result = wanted + length + 1;
  if (strcmp(result, "crash") == 0) abort();
  while (strcmp(result, "hang") == 0) std::this_thread::sleep_for(std::chrono::hours(1));
  return atoi(result);
}

int device_count() {
  const char* wanted = getenv("RK_SIM_DEVICES");
  return wanted == nullptr ? 1 : std::min(atoi(wanted), kMostDevices);
}

#define INJECT(call)                               \
  if (const int wanted = injected(call)) return wanted

// A context whose streams fail is dead: it frees nothing any more, and waits for nothing.
#define DEAD_CONTEXT_FREES_NOTHING() INJECT("cuStreamQuery")

int allocate(uintptr_t* pointer, size_t bytes, size_t alignment, Context* context) {
  std::lock_guard<std::mutex> lock(memory_mutex);
  if (bytes == 0) return kInvalidValue;
  if (bytes > kMemoryBytes - allocated) return kOutOfMemory;
  void* memory = aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
  if (memory == nullptr) return kOutOfMemory;
  allocations[reinterpret_cast<uintptr_t>(memory)] = {bytes, context};
  allocated += bytes;
  *pointer = reinterpret_cast<uintptr_t>(memory);
  return 0;
}

int release(uintptr_t pointer) {
  std::lock_guard<std::mutex> lock(memory_mutex);
  const auto found = allocations.find(pointer);
  if (found == allocations.end()) return kInvalidValue;
  allocated -= found->second.bytes;
  allocations.erase(found);
  free(reinterpret_cast<void*>(pointer));
  return 0;
}

// Whether so many bytes from here are within one allocation, and of this context if one is given.
bool within(uintptr_t pointer, size_t bytes, const Context* context = nullptr) {
  std::lock_guard<std::mutex> lock(memory_mutex);
  auto found = allocations.upper_bound(pointer);
  if (found == allocations.begin()) return false;
  --found;
  if (context != nullptr && found->second.context != context) return false;
  return pointer + bytes <= found->first + found->second.bytes;
}

void run_grid(const Function& function, unsigned blocks, unsigned threads, void* parameters) {
  std::vector<std::thread> all;
  all.reserve(size_t{blocks} * threads);
  std::deque<Block> together;
  for (unsigned b = 0; b < blocks; b++) {
    Block& block = together.emplace_back(threads);
    for (unsigned t = 0; t < threads; t++) {
      all.emplace_back([&function, parameters, index = ThreadIndex{t, threads, b, blocks, &block.barrier, block.shared.data()}] {
        function.entry(&index, parameters);
      });
    }
  }
  for (auto& thread : all) thread.join();
}

int launch(Function* function, unsigned blocks, unsigned threads, Stream* stream, void** arguments) {
  if (function == nullptr || stream == nullptr || arguments == nullptr) return kInvalidValue;
  Context* const context = stream->context;
  if (current != context) return kNoContext;
  const unsigned each = (threads + 31) / 32;
  if (size_t{blocks} * threads > kMostThreads || blocks * each > places()) return kOutOfResources;
  if (!function->loaded) synchronize(context, "the first launch of a function that is not loaded");
  function->loaded = true;
  if (function->local_bytes > context->local_bytes) synchronize(context, "a launch that needs more local memory");
  context->local_bytes = std::max(context->local_bytes, function->local_bytes);
  const size_t bytes = function->parameter_bytes;
  auto parameters = std::vector<uint64_t>((bytes + 7) / 8);
  memcpy(parameters.data(), arguments[0], bytes);
  const unsigned queue = stream->number % number_of("RK_SIM_QUEUES", UINT32_MAX);
  uint64_t launched = 0;
  {
    std::lock_guard<std::mutex> lock(context->mutex);
    context->kernels++;
    context->queues[queue].insert(launched = context->launches++);
  }
  const unsigned warps = blocks * each;
  stream->add([=, parameters = std::move(parameters)]() mutable {
    std::unique_lock<std::mutex> lock(context->mutex);
    context->changed.wait(lock, [=] {
      return *context->queues[queue].begin() == launched && context->resident + warps <= places();
    });
    context->resident += warps;
    lock.unlock();
    run_grid(*function, blocks, threads, parameters.data());
    lock.lock();
    context->resident -= warps;
    context->kernels--;
    context->queues[queue].erase(launched);
    context->changed.notify_all();
  });
  return 0;
}

const char* error_name(int error) {
  switch (error) {
    case 0: return "CUDA_SUCCESS";
    case kInvalidValue: return "CUDA_ERROR_INVALID_VALUE";
    case kOutOfMemory: return "CUDA_ERROR_OUT_OF_MEMORY";
    case kNotInitialized: return "CUDA_ERROR_NOT_INITIALIZED";
    case kNoDevice: return "CUDA_ERROR_NO_DEVICE";
    case kNoPeerAccess: return "CUDA_ERROR_PEER_ACCESS_UNSUPPORTED";
    case kPeerAccessAlready: return "CUDA_ERROR_PEER_ACCESS_ALREADY_ENABLED";
    case kInvalidDevice: return "CUDA_ERROR_INVALID_DEVICE";
    case kInvalidImage: return "CUDA_ERROR_INVALID_IMAGE";
    case kNotFound: return "CUDA_ERROR_NOT_FOUND";
    case kNotReady: return "CUDA_ERROR_NOT_READY";
    case 700: return "CUDA_ERROR_ILLEGAL_ADDRESS";
    case kOutOfResources: return "CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES";
    case kNoContext: return "CUDA_ERROR_INVALID_CONTEXT";
    default: return "CUDA_ERROR_UNKNOWN";
  }
}

int attribute(int id) {
  switch (id) {
    case 10: return kWarp;
    case 16: return kMultiprocessors;
    case 39: return kWarpsEach * 32;  // threads per multiprocessor
    case 75: return 7;   // compute capability 7.5
    case 76: return 5;
    case 19: case 99: return 1;  // maps host memory, registers it
    default: return 0;
  }
}

}  // namespace

API cuInit(unsigned) {
  INJECT("cuInit");
  initialized = true;
  return 0;
}
API cuDriverGetVersion(int* version) { *version = 13000; return 0; }
API cuGetErrorName(int error, const char** text) { *text = error_name(error); return 0; }
API cuGetErrorString(int, const char** text) { *text = "said by the simulated driver"; return 0; }
API cuDeviceGetCount(int* count) { *count = device_count(); return 0; }
API cuDeviceGet(int* device, int ordinal) {
  *device = ordinal;
  return ordinal >= 0 && ordinal < device_count() ? 0 : kInvalidDevice;
}
API cuDeviceGetName(char* name, int length, int) { snprintf(name, length, "simulated CUDA device"); return 0; }
API cuDeviceGetUuid(unsigned char* uuid, int device) {
  memset(uuid, 0, 16);
  uuid[15] = static_cast<unsigned char>(device);
  return 0;
}
API cuDeviceGetAttribute(int* value, int id, int) { *value = attribute(id); return 0; }
API cuDeviceTotalMem_v2(size_t* bytes, int) { *bytes = kMemoryBytes; return 0; }
// Every device reaches the one before it, so that the matrix is not symmetric.
API cuDeviceCanAccessPeer(int* can, int device, int peer) { *can = device == peer + 1; return 0; }
API cuDevicePrimaryCtxRetain(Context** context, int device) {
  if (!initialized) return kNotInitialized;
  contexts[device].device = device;
  *context = &contexts[device];
  return 0;
}
API cuDevicePrimaryCtxRelease_v2(int device) {
  synchronize(&contexts[device], "cuDevicePrimaryCtxRelease_v2");
  return 0;
}
API cuDevicePrimaryCtxGetState(int, unsigned* flags, int* active) {
  *flags = 0;
  *active = 0;
  return initialized ? 0 : kNotInitialized;
}
API cuDevicePrimaryCtxSetFlags_v2(int, unsigned) { return 0; }
API cuCtxSetCurrent(Context* context) {
  current = context;
  return 0;
}
API cuCtxEnablePeerAccess(Context* peer, unsigned) {
  INJECT("cuCtxEnablePeerAccess");
  int can = 0;
  cuDeviceCanAccessPeer(&can, current->device, peer->device);
  if (can == 0) return kNoPeerAccess;
  std::lock_guard<std::mutex> lock(memory_mutex);
  return current->peers.insert(peer).second ? 0 : kPeerAccessAlready;
}

API cuMemAlloc_v2(unsigned long long* pointer, size_t bytes) {
  INJECT("cuMemAlloc_v2");
  if (current == nullptr) return kNoContext;
  synchronize(current, "cuMemAlloc_v2");
  uintptr_t memory = 0;
  const int result = allocate(&memory, bytes, 256, current);
  *pointer = memory;
  return result;
}
API cuMemFree_v2(unsigned long long pointer) {
  DEAD_CONTEXT_FREES_NOTHING();
  synchronize(current, "cuMemFree_v2");
  return release(pointer);
}
API cuMemsetD8Async(unsigned long long pointer, unsigned char value, size_t bytes, Stream* stream) {
  if (stream == nullptr || !within(pointer, bytes)) return kInvalidValue;
  stream->add([=] { memset(reinterpret_cast<void*>(pointer), value, bytes); });
  return 0;
}
// From memory that is not locked: a copy of it is taken before this returns.
API cuMemcpyHtoDAsync_v2(unsigned long long to, const void* from, size_t bytes, Stream* stream) {
  if (stream == nullptr || !within(to, bytes)) return kInvalidValue;
  const auto* begin = static_cast<const unsigned char*>(from);
  stream->add([=, copy = std::vector<unsigned char>(begin, begin + bytes)] {
    if (bytes > 0) memcpy(reinterpret_cast<void*>(to), copy.data(), bytes);
  });
  return 0;
}
API cuMemcpyDtoHAsync_v2(void* to, unsigned long long from, size_t bytes, Stream* stream) {
  if (stream == nullptr || !within(from, bytes)) return kInvalidValue;
  stream->add([=] { memcpy(to, reinterpret_cast<const void*>(from), bytes); });
  return 0;
}
// A real driver copies through the host where access was not enabled; this one insists.
API cuMemcpyPeerAsync(unsigned long long to, Context* to_context, unsigned long long from,
                      Context* from_context, size_t bytes, Stream* stream) {
  INJECT("cuMemcpyPeerAsync");
  if (!within(to, bytes, to_context) || !within(from, bytes, from_context)) return kInvalidValue;
  if (to_context != from_context && to_context->peers.count(from_context) == 0) return kNoPeerAccess;
  stream->add([=] { memcpy(reinterpret_cast<void*>(to), reinterpret_cast<const void*>(from), bytes); });
  return 0;
}
API cuMemHostAlloc(void** pointer, size_t bytes, unsigned) {
  INJECT("cuMemHostAlloc");
  synchronize(current, "cuMemHostAlloc");
  uintptr_t memory = 0;
  const int result = allocate(&memory, bytes, 4096, nullptr);
  *pointer = reinterpret_cast<void*>(memory);
  return result;
}
API cuMemFreeHost(void* pointer) {
  DEAD_CONTEXT_FREES_NOTHING();
  synchronize(current, "cuMemFreeHost");
  return release(reinterpret_cast<uintptr_t>(pointer));
}
API cuMemHostRegister_v2(void* pointer, size_t bytes, unsigned) {
  INJECT("cuMemHostRegister_v2");
  synchronize(current, "cuMemHostRegister_v2");
  return pointer == nullptr || bytes == 0 ? kInvalidValue : 0;
}
API cuMemHostUnregister(void*) {
  DEAD_CONTEXT_FREES_NOTHING();
  synchronize(current, "cuMemHostUnregister");
  return 0;
}
API cuMemHostGetDevicePointer_v2(unsigned long long* device, void* pointer, unsigned) {
  *device = reinterpret_cast<uintptr_t>(pointer);
  return 0;
}

API cuStreamCreateWithPriority(Stream** stream, unsigned flags, int) {
  if (current == nullptr) return kNoContext;
  if (flags != 1) return kInvalidValue;  // those that wait for the legacy stream are not simulated
  *stream = new Stream(current);
  return 0;
}
API cuStreamDestroy_v2(Stream* stream) { delete stream; return 0; }
API cuStreamSynchronize(Stream* stream) {
  stream->wait();
  return injected("cuStreamSynchronize");
}
API cuStreamQuery(Stream* stream) {
  INJECT("cuStreamQuery");
  return stream->idle() ? 0 : kNotReady;
}

// An image is `RKSIM:` and the path of a library that the simulated NVRTC made.
API cuModuleLoadDataEx(Module** module, const void* image, unsigned options, int* keys, void** values) {
  synchronize(current, "cuModuleLoadDataEx");
  const char* text = static_cast<const char*>(image);
  const char* loading = getenv("CUDA_MODULE_LOADING");
  const bool eager = loading != nullptr && strcmp(loading, "EAGER") == 0;
  void* library = nullptr;
  if (strncmp(text, "RKSIM:", 6) == 0) library = dlopen(text + 6, RTLD_NOW | RTLD_LOCAL);
  if (library != nullptr) {
    *module = new Module{library, {}, eager};
    return 0;
  }
  if (options >= 2 && keys[0] == 5 && keys[1] == 6) {
    const char* why = strncmp(text, "RKSIM:", 6) == 0 ? dlerror() : "not an image of the simulation";
    snprintf(static_cast<char*>(values[0]), reinterpret_cast<uintptr_t>(values[1]), "%s", why);
  }
  return kInvalidImage;
}
API cuModuleUnload(Module* module) {
  DEAD_CONTEXT_FREES_NOTHING();
  synchronize(current, "cuModuleUnload");
  for (auto* function : module->functions) delete function;
  dlclose(module->library);
  delete module;
  return 0;
}
API cuModuleGetFunction(Function** function, Module* module, const char* name) {
  auto* entry = reinterpret_cast<Entry>(dlsym(module->library, (std::string(name) + "__call").c_str()));
  auto* bytes = static_cast<const unsigned long*>(dlsym(module->library, (std::string(name) + "__bytes").c_str()));
  if (entry == nullptr || bytes == nullptr) return kNotFound;
  static std::atomic<unsigned> found{0};
  *function = new Function{entry, *bytes, module->eager, 8 * ++found};
  module->functions.push_back(*function);
  return 0;
}
API cuFuncLoad(Function* function) {
  INJECT("cuFuncLoad");
  function->loaded = true;
  return 0;
}
API cuFuncGetAttribute(int* value, int id, Function* function) {
  *value = id == 3 ? static_cast<int>(function->local_bytes) : 0;
  return 0;
}
API cuOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, Function*, int threads, size_t) {
  *blocks = threads > kMostOfBlock ? 0 : static_cast<int>(kWarpsEach / ((threads + 31) / 32));
  return 0;
}
API cuLaunchKernel(Function* function, unsigned gx, unsigned, unsigned, unsigned bx, unsigned, unsigned,
                   unsigned, Stream* stream, void** arguments, void**) {
  INJECT("cuLaunchKernel");
  return launch(function, gx, bx, stream, arguments);
}
