// The addon: exports, and what happens when an environment ends with kernels still running.
#include <chrono>
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

// Tells every kernel to leave.
void tell(Farewell& farewell) {
  for (const auto& [handle, resource] : farewell.environment->resources) {
    auto stream = std::dynamic_pointer_cast<Stream>(resource);
    if (stream == nullptr || !running(*stream)) continue;
    if (stream->kill_memory != nullptr) {
      auto* words = static_cast<uint32_t*>(stream->kill_memory->pointer);
      __atomic_store_n(words + stream->kill_word, stream->kill_value, __ATOMIC_RELEASE);
    }
    farewell.streams.push_back(std::move(stream));
  }
}

void wait(napi_env, void* data) {
  auto& farewell = *static_cast<Farewell*>(data);
  const auto until = std::chrono::steady_clock::now() + kPatience;
  for (const auto& stream : farewell.streams) {
    while (running(*stream) && std::chrono::steady_clock::now() < until) {
      std::this_thread::sleep_for(std::chrono::microseconds(100));
    }
    farewell.stuck = farewell.stuck || running(*stream);
  }
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

}  // namespace

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  auto* all = new Environment();
  env.SetInstanceData<Environment>(all);
  say_farewell_to(env, *all);
#define EXPORT(name, function) exports.Set(name, Napi::Function::New(env, function, name))
  EXPORT("findDriver", FindDriver);
  EXPORT("listDevices", ListDevices);
  EXPORT("listStatus", ListStatus);
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
