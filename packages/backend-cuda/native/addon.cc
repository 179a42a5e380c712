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

// Tells every kernel of the environment to leave and waits a moment for it, so that no device thread touches memory
// that is about to be freed. Where one does not leave, nothing is freed: that would wait for it, or let it write to
// memory of others. The process's end takes all of it away.
void stop_kernels(Environment& all) {
  std::vector<std::shared_ptr<Stream>> streams;
  for (const auto& [handle, resource] : all.resources) {
    auto stream = std::dynamic_pointer_cast<Stream>(resource);
    if (stream == nullptr) continue;
    if (stream->kill_memory != nullptr) {
      auto* words = static_cast<uint32_t*>(stream->kill_memory->pointer);
      __atomic_store_n(words + stream->kill_word, stream->kill_value, __ATOMIC_RELEASE);
    }
    streams.push_back(std::move(stream));
  }
  const auto until = std::chrono::steady_clock::now() + kPatience;
  bool stuck = false;
  for (const auto& stream : streams) {
    while (running(*stream) && std::chrono::steady_clock::now() < until) {
      std::this_thread::sleep_for(std::chrono::microseconds(100));
    }
    stuck = stuck || running(*stream);
  }
  if (!stuck) return;
  auto* kept = new std::vector<std::shared_ptr<Resource>>();
  for (const auto& [handle, resource] : all.resources) {
    if (resource->on_device()) kept->push_back(resource);
  }
}

}  // namespace

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  auto* all = new Environment();
  env.SetInstanceData<Environment>(all);
  napi_add_env_cleanup_hook(
      env, [](void* data) { stop_kernels(*static_cast<Environment*>(data)); }, all);
#define EXPORT(name, function) exports.Set(name, Napi::Function::New(env, function, name))
  EXPORT("findDriver", FindDriver);
  EXPORT("listDevices", ListDevices);
  EXPORT("listStatus", ListStatus);
  EXPORT("open", Open);
  EXPORT("free", Free);
  EXPORT("allocateDevice", AllocateDevice);
  EXPORT("copyToDevice", CopyToDevice);
  EXPORT("copyFromDevice", CopyFromDevice);
  EXPORT("allocateHost", AllocateHost);
  EXPORT("registerHost", RegisterHost);
  EXPORT("findCompiler", FindCompiler);
  EXPORT("compile", Compile);
  EXPORT("loadModule", LoadModule);
  EXPORT("getFunction", GetFunction);
  EXPORT("createStream", CreateStream);
  EXPORT("setKillWord", SetKillWord);
  EXPORT("launch", Launch);
  EXPORT("synchronize", Synchronize);
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
