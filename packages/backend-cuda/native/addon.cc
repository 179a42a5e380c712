// The addon: exports, and what happens when an environment ends with kernels still running.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <mutex>
#include <thread>

#include "environment.h"
#include "exports.h"

namespace rk {

namespace {

constexpr auto kPatience = std::chrono::seconds(1);

bool running(const Stream& stream) {
  stream.context->enter();
  return stream.context->driver->cuStreamQuery(stream.handle) == kNotReady;
}

// Waits on a thread of the pool until the kernels of an environment that ends have left, so that no device thread
// touches memory that is about to be freed. The environment's own thread serves its event loop meanwhile.
struct Farewell {
  napi_env env = nullptr;
  Environment* environment = nullptr;
  std::vector<std::shared_ptr<Stream>> streams;
  napi_async_work work = nullptr;
  napi_async_cleanup_hook_handle hook = nullptr;
  bool stuck = false;
};

void tell(const Stream& stream) {
  if (stream.kill_memory == nullptr) return;
  auto* words = static_cast<uint32_t*>(stream.kill_memory->pointer);
  __atomic_store_n(words + stream.kill_word, stream.kill_value, __ATOMIC_RELEASE);
}

// Tells every kernel to leave.
void tell(Farewell& farewell) {
  for (const auto& [handle, resource] : farewell.environment->resources) {
    auto stream = std::dynamic_pointer_cast<Stream>(resource);
    if (stream == nullptr || !running(*stream)) continue;
    tell(*stream);
    farewell.streams.push_back(std::move(stream));
  }
}

// Whether one of them still runs when patience is over.
bool wait_for(const std::vector<std::shared_ptr<Stream>>& streams) {
  const auto until = std::chrono::steady_clock::now() + kPatience;
  bool stuck = false;
  for (const auto& stream : streams) {
    while (running(*stream) && std::chrono::steady_clock::now() < until) {
      std::this_thread::sleep_for(std::chrono::microseconds(100));
    }
    stuck = stuck || running(*stream);
  }
  return stuck;
}

void wait(napi_env, void* data) {
  auto& farewell = *static_cast<Farewell*>(data);
  farewell.stuck = wait_for(farewell.streams);
}

// Where a kernel does not leave, nothing is freed: that would wait for it, or let it write to memory of others. The
// process's end takes all of it away.
void keep(const Environment& all) {
  auto* kept = new std::vector<std::shared_ptr<Resource>>();
  for (const auto& [handle, resource] : all.resources) {
    if (resource->on_device()) kept->push_back(resource);
  }
}

void finish(Farewell* farewell) {
  if (farewell->stuck) keep(*farewell->environment);
  napi_delete_async_work(farewell->env, farewell->work);
  const auto hook = farewell->hook;
  delete farewell;
  napi_remove_async_cleanup_hook(hook);
}

// The environment ends. Threads that call it are stopped first: what they call through is gone soon.
void end(napi_async_cleanup_hook_handle hook, void* data) {
  auto* farewell = static_cast<Farewell*>(data);
  farewell->hook = hook;
  for (const auto& [handle, resource] : farewell->environment->resources) resource->stop();
  tell(*farewell);
  if (farewell->streams.empty()) return finish(farewell);
  if (napi_queue_async_work(farewell->env, farewell->work) == napi_ok) return;
  farewell->stuck = true;
  finish(farewell);
}

// Made beforehand: an environment that ends makes nothing new.
void say_farewell_to(Napi::Env env, Environment& all) {
  auto* farewell = new Farewell();
  farewell->env = env;
  farewell->environment = &all;
  const auto name = Napi::String::New(env, "ringkernel kernels leave");
  const auto after = [](napi_env, napi_status, void* data) {
    finish(static_cast<Farewell*>(data));
  };
  napi_create_async_work(env, nullptr, name, wait, after, farewell, &farewell->work);
  napi_add_async_cleanup_hook(env, end, farewell, nullptr);
}

// Streams on which persistent kernels run, of all environments.
struct Persistent {
  std::mutex mutex;
  std::vector<std::weak_ptr<Stream>> streams;
};

Persistent& persistent() {
  static auto* all = new Persistent();
  return *all;
}

// `process.exit()` ends no environment. The driver's own end, which comes after this, would find kernels that run.
void leave_at_exit() {
  std::lock_guard<std::mutex> lock(persistent().mutex);
  std::vector<std::shared_ptr<Stream>> left;
  for (const auto& weak : persistent().streams) {
    auto stream = weak.lock();
    if (stream == nullptr || !running(*stream)) continue;
    tell(*stream);
    left.push_back(std::move(stream));
  }
  wait_for(left);
  new std::vector<std::shared_ptr<Stream>>(std::move(left));  // never freed: the process ends
}

}  // namespace

void remember_persistent(const std::shared_ptr<Stream>& stream) {
  static std::once_flag once;
  std::call_once(once, [] { std::atexit(leave_at_exit); });
  auto& [mutex, streams] = persistent();
  std::lock_guard<std::mutex> lock(mutex);
  const auto gone = [](const std::weak_ptr<Stream>& weak) { return weak.expired(); };
  streams.erase(std::remove_if(streams.begin(), streams.end(), gone), streams.end());
  streams.push_back(stream);
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  auto* all = new Environment();
  env.SetInstanceData<Environment>(all);
  say_farewell_to(env, *all);
#define EXPORT(name, function) exports.Set(name, Napi::Function::New(env, function, name))
  EXPORT("findDriver", FindDriver);
  EXPORT("listDevices", ListDevices);
  EXPORT("listStatus", ListStatus);
  EXPORT("startDriver", StartDriver);
  EXPORT("open", Open);
  EXPORT("free", Free);
  EXPORT("allocateDevice", AllocateDevice);
  EXPORT("copyToDevice", CopyToDevice);
  EXPORT("copyFromDevice", CopyFromDevice);
  EXPORT("copyPeer", CopyPeerToPeer);
  EXPORT("allocateHost", AllocateHost);
  EXPORT("registerHost", RegisterHost);
  EXPORT("findCompiler", FindCompiler);
  EXPORT("compile", Compile);
  EXPORT("loadModule", LoadModule);
  EXPORT("getFunction", GetFunction);
  EXPORT("createStream", CreateStream);
  EXPORT("setKillWord", SetKillWord);
  EXPORT("launch", Launch);
  EXPORT("query", Query);
  EXPORT("startWaker", StartWaker);
  EXPORT("watchRing", WatchRing);
  EXPORT("armWaker", ArmWaker);
  EXPORT("refWaker", RefWaker);
  EXPORT("stopWaker", StopWaker);
#undef EXPORT
  // Which sources this was built from: the host takes no other ones.
  exports.Set("sources", Napi::String::New(env, RK_SOURCES));
  return exports;
}

}  // namespace rk

static Napi::Object InitAddon(Napi::Env env, Napi::Object exports) { return rk::Init(env, exports); }

NODE_API_MODULE(ringkernel_cuda, InitAddon)
