// Streams, launches, and waiting for them.
#include <cstring>

#include "environment.h"
#include "exports.h"

namespace rk {

namespace {

constexpr unsigned kNonBlocking = 1;
constexpr size_t kMostParameters = 16;

}  // namespace

// createStream(context): a handle. Does not wait for the legacy default stream.
Napi::Value CreateStream(const Napi::CallbackInfo& info) {
  const auto env = info.Env();
  auto stream = std::make_shared<Stream>();
  stream->context = resource_at<Device>(info, 0, "context")->context;
  auto& context = *stream->context;
  context.enter();
  check(env, context, "cuStreamCreateWithPriority",
        context.driver->cuStreamCreateWithPriority(&stream->handle, kNonBlocking, 0));
  context.add(stream);
  return Napi::Number::New(env, environment(env).add(stream));
}

// setKillWord(stream, hostMemory, word, value): writing the value there makes the kernel on this stream leave. Done
// when the environment or the process ends while it runs.
Napi::Value SetKillWord(const Napi::CallbackInfo& info) {
  const auto stream = resource_at<Stream>(info, 0, "stream");
  const auto memory = resource_at<HostMemory>(info, 1, "memory");
  stream->kill_word = static_cast<uint32_t>(whole_at(info, 2, "word", 0, memory->bytes / 4 - 1));
  stream->kill_value = static_cast<uint32_t>(whole_at(info, 3, "value", 0, UINT32_MAX));
  stream->kill_memory = memory;
  remember_persistent(stream);
  return info.Env().Undefined();
}

// launch(function, stream, blocks, threads, parameters, offsets): `offsets` says where each parameter starts in
// `parameters`.
Napi::Value Launch(const Napi::CallbackInfo& info) {
  const auto env = info.Env();
  const auto function = resource_at<Function>(info, 0, "function");
  const auto stream = resource_at<Stream>(info, 1, "stream");
  const auto blocks = static_cast<unsigned>(whole_at(info, 2, "blocks", 1, INT32_MAX));
  const auto threads = static_cast<unsigned>(whole_at(info, 3, "threads", 1, 1024));
  const auto parameters = bytes_at(info, 4, "parameters");
  if (!info[5].IsArray() || info[5].As<Napi::Array>().Length() > kMostParameters) {
    reject(env, "offsets", "an array of up to 16 offsets", info[5]);
  }
  const auto offsets = info[5].As<Napi::Array>();
  // A copy: aligned for any parameter, and 64 bytes longer than any offset.
  std::vector<uint64_t> copy(parameters.ByteLength() / 8 + 9, 0);
  if (parameters.ByteLength() > 0) memcpy(copy.data(), parameters.Data(), parameters.ByteLength());
  void* arguments[kMostParameters] = {};
  for (uint32_t i = 0; i < offsets.Length(); i++) {
    const Napi::Value offset = offsets.Get(i);
    const double value = offset.IsNumber() ? offset.As<Napi::Number>().DoubleValue() : -1;
    if (!(value >= 0) || value >= static_cast<double>(parameters.ByteLength())) {
      reject(env, "offsets", "within the parameters", offset);
    }
    arguments[i] = reinterpret_cast<char*>(copy.data()) + static_cast<size_t>(value);
  }
  const auto& context = *function->context;
  const auto& driver = *context.driver;
  context.enter();
  check(env, context, "cuLaunchKernel",
        driver.cuLaunchKernel(function->handle, blocks, 1, 1, threads, 1, 1, 0, stream->handle, arguments,
                              nullptr));
  return env.Undefined();
}

// query(stream): 'idle' or 'running'; throws the error that ended what ran there.
Napi::Value Query(const Napi::CallbackInfo& info) {
  const auto stream = resource_at<Stream>(info, 0, "stream");
  const auto& context = *stream->context;
  context.enter();
  const CUresult result = context.driver->cuStreamQuery(stream->handle);
  if (result != kNotReady) check(info.Env(), context, "cuStreamQuery", result);
  return Napi::String::New(info.Env(), result == kNotReady ? "running" : "idle");
}

}  // namespace rk
