// What one JavaScript environment (the main thread or a worker) holds of the driver, and how its arguments are read.
//
// JavaScript names everything by a number: a handle that is unknown, of another kind or already freed is an error with
// a code, never a bad pointer.
#pragma once

#include <napi.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "driver.h"

namespace rk {

struct Stream;

// A device's primary context, held until the last thing made in it is gone. All environments of the process share it:
// the kernels of one can make the calls of another hang.
struct Context {
  std::shared_ptr<const Driver> driver;
  CUdevice device = 0;
  CUcontext handle = nullptr;
  CUstream copies = nullptr;  // of what the host writes while nothing runs

  ~Context();
  // The driver's calls belong to the context that is current on the calling thread.
  void enter() const { driver->cuCtxSetCurrent(handle); }
  void add(const std::shared_ptr<Stream>& stream);
  // Whether a kernel runs: what allocates, frees or loads could then hang until it ends.
  bool busy();
  // Gives back what the driver made, or keeps it until no kernel runs: garbage is collected, and environments end, at
  // any time.
  enum class Kind { kDeviceMemory, kHostMemory, kRegistered, kModule };
  void release(Kind kind, uint64_t what);
  void free_kept();

 private:
  struct Kept {
    Kind kind;
    uint64_t what;
  };
  std::mutex mutex_;
  std::vector<std::weak_ptr<Stream>> streams_;
  std::vector<Kept> kept_;
};

// The context of a device, opened by whoever asks first.
Failure open_context(const std::shared_ptr<const Driver>& driver, int ordinal, std::shared_ptr<Context>& opened);

struct Resource {
  std::shared_ptr<Context> context;
  virtual ~Resource() = default;
  virtual const char* kind() const = 0;
  // Whether a running kernel may use it.
  virtual bool on_device() const { return true; }
  // The environment ends: no thread of this may call it any more.
  virtual void stop() {}
};

struct Device : Resource {
  const char* kind() const override { return "context"; }
};

struct DeviceMemory : Resource {
  CUdeviceptr pointer = 0;
  size_t bytes = 0;
  ~DeviceMemory() override;
  const char* kind() const override { return "device memory"; }
};

// Page-locked host memory that the device sees: the driver's own, or registered memory of JavaScript's.
struct HostMemory : Resource {
  void* pointer = nullptr;
  CUdeviceptr device = 0;
  size_t bytes = 0;
  bool registered = false;
  Napi::ObjectReference owner;  // keeps registered memory alive
  ~HostMemory() override;
  const char* kind() const override { return "host memory"; }
};

struct Module : Resource {
  CUmodule handle = nullptr;
  ~Module() override;
  const char* kind() const override { return "module"; }
};

struct Function : Resource {
  std::shared_ptr<Module> module;
  CUfunction handle = nullptr;
  const char* kind() const override { return "function"; }
};

struct Stream : Resource {
  CUstream handle = nullptr;
  // Set when a persistent kernel runs here: writing `kill_value` to this word makes it leave.
  std::shared_ptr<HostMemory> kill_memory;
  uint32_t kill_word = 0;
  uint32_t kill_value = 0;
  ~Stream() override;
  const char* kind() const override { return "stream"; }
};

// What this environment made. Freed when the environment ends.
struct Environment {
  std::unordered_map<uint32_t, std::shared_ptr<Resource>> resources;
  uint32_t last = 0;
  uint32_t add(std::shared_ptr<Resource> resource) {
    resources[++last] = std::move(resource);
    return last;
  }
};

Environment& environment(Napi::Env env);

// The kernel on a stream with a kill word is told to leave when the process exits.
void remember_persistent(const std::shared_ptr<Stream>& stream);

Napi::Error error_of(Napi::Env env, const Failure& failure);
[[noreturn]] void reject(Napi::Env env, const char* argument, const std::string& wanted,
                         Napi::Value found);
void check(Napi::Env env, const Context& context, const char* call, CUresult result);
// Refuses a call that may hang while a kernel runs, of whichever environment.
void require_idle(Napi::Env env, Context& context, const char* call);

// Arguments, checked: each throws an Error with the code RK_CUDA_ARGUMENT, what was wanted and what was found.
std::string text_at(const Napi::CallbackInfo& info, size_t index, const char* name);
std::vector<std::string> texts_at(const Napi::CallbackInfo& info, size_t index, const char* name);
uint64_t whole_at(const Napi::CallbackInfo& info, size_t index, const char* name, uint64_t least,
                  uint64_t most);
uint64_t pointer_at(const Napi::CallbackInfo& info, size_t index, const char* name);
Napi::Uint8Array bytes_at(const Napi::CallbackInfo& info, size_t index, const char* name);
bool flag_at(const Napi::CallbackInfo& info, size_t index, const char* name);
Napi::Function callback_at(const Napi::CallbackInfo& info, size_t index, const char* name);

template <class T>
std::shared_ptr<T> resource_at(const Napi::CallbackInfo& info, size_t index, const char* name) {
  const auto handle = whole_at(info, index, name, 1, UINT32_MAX);
  auto& all = environment(info.Env()).resources;
  const auto found = all.find(static_cast<uint32_t>(handle));
  auto typed = found == all.end() ? nullptr : std::dynamic_pointer_cast<T>(found->second);
  if (typed == nullptr) reject(info.Env(), name, std::string("a live handle: ") + T().kind(), info[index]);
  return typed;
}

}  // namespace rk
