// Memory of the device, and memory of the host that the device sees.
#include <algorithm>
#include <cstring>

#include "environment.h"
#include "exports.h"

namespace rk {

namespace {

constexpr unsigned kPortableAndMapped = 1 | 2;
constexpr uint64_t kMostBytes = uint64_t{1} << 40;

Napi::Object described(Napi::Env env, uint32_t handle, CUdeviceptr pointer) {
  auto object = Napi::Object::New(env);
  object.Set("handle", handle);
  object.Set("device", Napi::BigInt::New(env, static_cast<uint64_t>(pointer)));
  return object;
}

// What was written is there for every kernel that is launched afterwards, on whichever stream.
void wait_for_copies(Napi::Env env, const Context& context) {
  check(env, context, "cuStreamSynchronize", context.driver->cuStreamSynchronize(context.copies));
}

// The part of a device allocation that a copy is about.
CUdeviceptr part(const Napi::CallbackInfo& info, const DeviceMemory& memory, size_t bytes) {
  const auto offset = whole_at(info, 1, "offset", 0, memory.bytes);
  if (bytes > memory.bytes - offset) {
    reject(info.Env(), "bytes", "within " + std::to_string(memory.bytes) + " bytes of device memory",
           Napi::Number::New(info.Env(), static_cast<double>(offset + bytes)));
  }
  return memory.pointer + offset;
}

class CopyFrom : public Napi::AsyncWorker {
 public:
  CopyFrom(Napi::Env env, std::shared_ptr<DeviceMemory> memory, std::shared_ptr<Stream> stream,
           CUdeviceptr from, size_t bytes)
      : AsyncWorker(env), promise(Napi::Promise::Deferred::New(env)), memory_(std::move(memory)),
        stream_(std::move(stream)), from_(from), copy_(bytes) {}
  Napi::Promise::Deferred promise;

  void Execute() override {
    const auto& driver = *memory_->context->driver;
    memory_->context->enter();
    CUresult result =
        driver.cuMemcpyDtoHAsync_v2(copy_.data(), from_, copy_.size(), stream_->handle);
    call_ = "cuMemcpyDtoHAsync_v2";
    if (result == kSuccess) {
      result = driver.cuStreamSynchronize(stream_->handle);
      call_ = "cuStreamSynchronize";
    }
    if (result != kSuccess) failure_ = driver_failure(driver, call_, result);
  }
  void OnOK() override {
    Napi::HandleScope scope(Env());
    if (failure_) {
      promise.Reject(error_of(Env(), failure_).Value());
      return;
    }
    auto bytes = Napi::Uint8Array::New(Env(), copy_.size());
    if (!copy_.empty()) memcpy(bytes.Data(), copy_.data(), copy_.size());
    promise.Resolve(bytes);
  }

 private:
  std::shared_ptr<DeviceMemory> memory_;
  std::shared_ptr<Stream> stream_;
  CUdeviceptr from_;
  std::vector<uint8_t> copy_;
  const char* call_ = "";
  Failure failure_;
};

constexpr CUresult kPeerAccessAlready = 704;

// From the memory of one device to that of another, without the host: on a stream of the receiving one.
class CopyPeer : public Napi::AsyncWorker {
 public:
  struct Part {
    std::shared_ptr<DeviceMemory> memory;
    CUdeviceptr at = 0;
  };
  CopyPeer(Napi::Env env, Part to, Part from, size_t bytes, std::shared_ptr<Stream> stream)
      : AsyncWorker(env), promise(Napi::Promise::Deferred::New(env)), to_(std::move(to)),
        from_(std::move(from)), bytes_(bytes), stream_(std::move(stream)) {}
  Napi::Promise::Deferred promise;

  void Execute() override {
    const auto& to = *to_.memory->context;
    const auto& from = *from_.memory->context;
    to.enter();
    if (to.handle != from.handle) {
      const CUresult enabled = to.driver->cuCtxEnablePeerAccess(from.handle, 0);
      if (enabled != kPeerAccessAlready && failed("cuCtxEnablePeerAccess", enabled)) return;
    }
    if (failed("cuMemcpyPeerAsync", to.driver->cuMemcpyPeerAsync(to_.at, to.handle, from_.at, from.handle,
                                                                 bytes_, stream_->handle))) {
      return;
    }
    failed("cuStreamSynchronize", to.driver->cuStreamSynchronize(stream_->handle));
  }
  void OnOK() override {
    Napi::HandleScope scope(Env());
    if (failure_) {
      promise.Reject(error_of(Env(), failure_).Value());
    } else {
      promise.Resolve(Env().Undefined());
    }
  }

 private:
  bool failed(const char* call, CUresult result) {
    if (result != kSuccess) failure_ = driver_failure(*to_.memory->context->driver, call, result);
    return result != kSuccess;
  }
  Part to_;
  Part from_;
  size_t bytes_;
  std::shared_ptr<Stream> stream_;
  Failure failure_;
};

}  // namespace

// allocateDevice(context, bytes): { handle, device }, zeroed.
Napi::Value AllocateDevice(const Napi::CallbackInfo& info) {
  const auto env = info.Env();
  auto memory = std::make_shared<DeviceMemory>();
  memory->context = resource_at<Device>(info, 0, "context")->context;
  memory->bytes = whole_at(info, 1, "bytes", 1, kMostBytes);
  auto& context = *memory->context;
  require_idle(env, context, "cuMemAlloc_v2");
  context.enter();
  check(env, context, "cuMemAlloc_v2",
        context.driver->cuMemAlloc_v2(&memory->pointer, memory->bytes));
  check(env, context, "cuMemsetD8Async",
        context.driver->cuMemsetD8Async(memory->pointer, 0, memory->bytes, context.copies));
  wait_for_copies(env, context);
  return described(env, environment(env).add(memory), memory->pointer);
}

// copyToDevice(memory, offset, bytes). Copies before it returns, also beside a running kernel.
Napi::Value CopyToDevice(const Napi::CallbackInfo& info) {
  const auto memory = resource_at<DeviceMemory>(info, 0, "memory");
  const auto bytes = bytes_at(info, 2, "bytes");
  const auto to = part(info, *memory, bytes.ByteLength());
  const auto& context = *memory->context;
  context.enter();
  check(info.Env(), context, "cuMemcpyHtoDAsync_v2",
        context.driver->cuMemcpyHtoDAsync_v2(to, bytes.Data(), bytes.ByteLength(), context.copies));
  wait_for_copies(info.Env(), context);
  return info.Env().Undefined();
}

// copyFromDevice(memory, offset, length, stream): a promise of the bytes. Goes on beside a running kernel of another
// stream.
Napi::Value CopyFromDevice(const Napi::CallbackInfo& info) {
  const auto memory = resource_at<DeviceMemory>(info, 0, "memory");
  const auto length = static_cast<size_t>(whole_at(info, 2, "length", 0, memory->bytes));
  const auto from = part(info, *memory, length);
  auto* work = new CopyFrom(info.Env(), memory, resource_at<Stream>(info, 3, "stream"), from, length);
  const auto promise = work->promise.Promise();
  work->Queue();
  return promise;
}

// copyPeer(to, toOffset, from, fromOffset, bytes, stream): a promise. Both memories are of one driver; the stream is of the
// device that receives.
Napi::Value CopyPeerToPeer(const Napi::CallbackInfo& info) {
  const auto env = info.Env();
  CopyPeer::Part to{resource_at<DeviceMemory>(info, 0, "to")};
  CopyPeer::Part from{resource_at<DeviceMemory>(info, 2, "from")};
  const auto bytes = whole_at(info, 4, "bytes", 1, std::min(to.memory->bytes, from.memory->bytes));
  to.at = to.memory->pointer + whole_at(info, 1, "toOffset", 0, to.memory->bytes - bytes);
  from.at = from.memory->pointer + whole_at(info, 3, "fromOffset", 0, from.memory->bytes - bytes);
  const auto stream = resource_at<Stream>(info, 5, "stream");
  auto* work = new CopyPeer(env, std::move(to), std::move(from), bytes, stream);
  const auto promise = work->promise.Promise();
  work->Queue();
  return promise;
}

// allocateHost(context, bytes): { handle, device, buffer }: page-locked memory as an external ArrayBuffer, zeroed.
Napi::Value AllocateHost(const Napi::CallbackInfo& info) {
  const auto env = info.Env();
  auto memory = std::make_shared<HostMemory>();
  memory->context = resource_at<Device>(info, 0, "context")->context;
  memory->bytes = whole_at(info, 1, "bytes", 1, kMostBytes);
  auto& context = *memory->context;
  require_idle(env, context, "cuMemHostAlloc");
  context.enter();
  check(env, context, "cuMemHostAlloc",
        context.driver->cuMemHostAlloc(&memory->pointer, memory->bytes, kPortableAndMapped));
  memset(memory->pointer, 0, memory->bytes);
  check(env, context, "cuMemHostGetDevicePointer_v2",
        context.driver->cuMemHostGetDevicePointer_v2(&memory->device, memory->pointer, 0));
  // The buffer holds the memory too: it can outlive the handle, and views of it are never dangling.
  auto* shared = new std::shared_ptr<HostMemory>(memory);
  napi_value buffer = nullptr;
  const napi_status status = napi_create_external_arraybuffer(
      env, memory->pointer, memory->bytes,
      [](napi_env, void*, void* hint) { delete static_cast<std::shared_ptr<HostMemory>*>(hint); },
      shared, &buffer);
  if (status != napi_ok) {
    delete shared;
    Failure failure;
    failure.code = "RK_CUDA_NO_EXTERNAL_BUFFERS";
    failure.message = "this JavaScript engine refuses ArrayBuffers over memory that is not its own";
    throw error_of(env, failure);
  }
  auto object = described(env, environment(env).add(memory), memory->device);
  object.Set("buffer", Napi::Value(env, buffer));
  return object;
}

// registerHost(context, bytes): { handle, device }: locks memory of JavaScript's and shows it to the device. It must
// not move: a view of a shared WebAssembly memory.
Napi::Value RegisterHost(const Napi::CallbackInfo& info) {
  const auto env = info.Env();
  auto memory = std::make_shared<HostMemory>();
  memory->context = resource_at<Device>(info, 0, "context")->context;
  auto bytes = bytes_at(info, 1, "bytes");
  auto& context = *memory->context;
  require_idle(env, context, "cuMemHostRegister_v2");
  context.enter();
  check(env, context, "cuMemHostRegister_v2",
        context.driver->cuMemHostRegister_v2(bytes.Data(), bytes.ByteLength(), kPortableAndMapped));
  memory->pointer = bytes.Data();
  memory->bytes = bytes.ByteLength();
  memory->registered = true;
  memory->owner = Napi::Persistent(bytes.As<Napi::Object>());
  check(env, context, "cuMemHostGetDevicePointer_v2",
        context.driver->cuMemHostGetDevicePointer_v2(&memory->device, memory->pointer, 0));
  return described(env, environment(env).add(memory), memory->device);
}

}  // namespace rk
