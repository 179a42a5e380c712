#include "environment.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace rk {

Context::~Context() {
  if (handle == nullptr) return;
  free_kept();
  enter();
  if (copies != nullptr) driver->cuStreamDestroy_v2(copies);
  driver->cuDevicePrimaryCtxRelease_v2(device);
}

void Context::add(const std::shared_ptr<Stream>& stream) {
  std::lock_guard<std::mutex> lock(mutex_);
  const auto gone = [](const std::weak_ptr<Stream>& weak) { return weak.expired(); };
  streams_.erase(std::remove_if(streams_.begin(), streams_.end(), gone), streams_.end());
  streams_.push_back(stream);
}

bool Context::busy() {
  // Held until after the lock: the last to hold a stream gives it back.
  std::vector<std::shared_ptr<Stream>> held;
  std::lock_guard<std::mutex> lock(mutex_);
  enter();
  for (const auto& weak : streams_) {
    const auto stream = weak.lock();
    if (stream == nullptr) continue;
    held.push_back(stream);
    if (driver->cuStreamQuery(stream->handle) == kNotReady) return true;
  }
  return false;
}

void Context::release(Kind kind, uint64_t what) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    kept_.push_back({kind, what});
  }
  if (!busy()) free_kept();
}

void Context::free_kept() {
  std::vector<Kept> all;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    all.swap(kept_);
  }
  enter();
  for (const auto& [kind, what] : all) {
    auto* pointer = reinterpret_cast<void*>(static_cast<uintptr_t>(what));
    switch (kind) {
      case Kind::kDeviceMemory: driver->cuMemFree_v2(what); break;
      case Kind::kHostMemory: driver->cuMemFreeHost(pointer); break;
      case Kind::kRegistered: driver->cuMemHostUnregister(pointer); break;
      case Kind::kModule: driver->cuModuleUnload(static_cast<CUmodule>(pointer)); break;
    }
  }
}

namespace {

constexpr unsigned kKeepLocalMemory = 0x10;  // CU_CTX_LMEM_RESIZE_TO_MAX
constexpr unsigned kNonBlocking = 1;

// Local memory that shrinks or grows would wait for the kernels that run: it stays as large as it once was.
Failure retain(Context& context) {
  const auto& driver = *context.driver;
  unsigned flags = 0;
  int active = 0;
  const char* call = "cuDevicePrimaryCtxGetState";
  CUresult result = driver.cuDevicePrimaryCtxGetState(context.device, &flags, &active);
  if (result == kSuccess && (flags & kKeepLocalMemory) == 0) {
    call = "cuDevicePrimaryCtxSetFlags_v2";
    result = driver.cuDevicePrimaryCtxSetFlags_v2(context.device, flags | kKeepLocalMemory);
  }
  if (result == kSuccess) {
    call = "cuDevicePrimaryCtxRetain";
    result = driver.cuDevicePrimaryCtxRetain(&context.handle, context.device);
  }
  if (result == kSuccess) {
    context.enter();
    call = "cuStreamCreateWithPriority";
    result = driver.cuStreamCreateWithPriority(&context.copies, kNonBlocking, 0);
  }
  return result == kSuccess ? Failure() : driver_failure(driver, call, result);
}

}  // namespace

Failure open_context(const std::shared_ptr<const Driver>& driver, int ordinal,
                     std::shared_ptr<Context>& opened) {
  static std::mutex mutex;
  static auto* all = new std::map<std::pair<const Driver*, int>, std::weak_ptr<Context>>();
  std::lock_guard<std::mutex> lock(mutex);
  auto& known = (*all)[{driver.get(), ordinal}];
  opened = known.lock();
  if (opened != nullptr) return {};
  auto context = std::make_shared<Context>();
  context->driver = driver;
  const CUresult found = driver->cuDeviceGet(&context->device, ordinal);
  if (found != kSuccess) return driver_failure(*driver, "cuDeviceGet", found);
  const Failure failure = retain(*context);
  if (failure) return failure;
  known = context;
  opened = std::move(context);
  return {};
}

DeviceMemory::~DeviceMemory() {
  if (pointer != 0) context->release(Context::Kind::kDeviceMemory, pointer);
}

HostMemory::~HostMemory() {
  const auto kind = registered ? Context::Kind::kRegistered : Context::Kind::kHostMemory;
  if (pointer != nullptr) context->release(kind, reinterpret_cast<uintptr_t>(pointer));
}

Module::~Module() {
  if (handle != nullptr) context->release(Context::Kind::kModule, reinterpret_cast<uintptr_t>(handle));
}

Stream::~Stream() {
  if (handle == nullptr) return;
  context->enter();
  context->driver->cuStreamDestroy_v2(handle);
}

Environment& environment(Napi::Env env) { return *env.GetInstanceData<Environment>(); }

Napi::Error error_of(Napi::Env env, const Failure& failure) {
  auto error = Napi::Error::New(env, failure.message);
  error.Set("code", Napi::String::New(env, failure.code));
  if (!failure.call.empty()) error.Set("call", Napi::String::New(env, failure.call));
  if (failure.result != kSuccess) {
    error.Set("result", Napi::Number::New(env, failure.result));
    error.Set("resultName", Napi::String::New(env, failure.result_name));
  }
  if (!failure.log.empty()) error.Set("log", Napi::String::New(env, failure.log));
  return error;
}

void reject(Napi::Env env, const char* argument, const std::string& wanted, Napi::Value found) {
  std::string text;
  if (found.IsEmpty() || found.IsUndefined()) {
    text = "nothing";
  } else if (found.IsString()) {
    text = "'" + found.As<Napi::String>().Utf8Value() + "'";
  } else if (found.IsNumber() || found.IsBoolean() || found.IsNull() || found.IsBigInt()) {
    text = found.ToString().Utf8Value();
  } else {
    text = found.IsFunction() ? "a function" : "an object";
  }
  Failure failure;
  failure.code = "RK_CUDA_ARGUMENT";
  failure.message = std::string(argument) + " should be " + wanted + ", found " + text;
  auto error = error_of(env, failure);
  error.Set("argument", Napi::String::New(env, argument));
  error.Set("wanted", Napi::String::New(env, wanted));
  error.Set("found", Napi::String::New(env, text));
  throw error;
}

void check(Napi::Env env, const Context& context, const char* call, CUresult result) {
  if (result != kSuccess) throw error_of(env, driver_failure(*context.driver, call, result));
}

void require_idle(Napi::Env env, Context& context, const char* call) {
  if (!context.busy()) return context.free_kept();
  Failure failure;
  failure.code = "RK_CUDA_BUSY";
  failure.call = call;
  failure.message = std::string(call) + " could hang while a kernel runs: let it leave first";
  throw error_of(env, failure);
}

namespace {

Napi::Value at(const Napi::CallbackInfo& info, size_t index) {
  return index < info.Length() ? info[index] : info.Env().Undefined();
}

}  // namespace

std::string text_at(const Napi::CallbackInfo& info, size_t index, const char* name) {
  const auto value = at(info, index);
  if (!value.IsString()) reject(info.Env(), name, "a string", value);
  return value.As<Napi::String>().Utf8Value();
}

std::vector<std::string> texts_at(const Napi::CallbackInfo& info, size_t index, const char* name) {
  const auto value = at(info, index);
  if (!value.IsArray()) reject(info.Env(), name, "an array of strings", value);
  const auto array = value.As<Napi::Array>();
  std::vector<std::string> texts;
  for (uint32_t i = 0; i < array.Length(); i++) {
    const Napi::Value element = array.Get(i);
    if (!element.IsString()) reject(info.Env(), name, "an array of strings", element);
    texts.push_back(element.As<Napi::String>().Utf8Value());
  }
  return texts;
}

uint64_t whole_at(const Napi::CallbackInfo& info, size_t index, const char* name, uint64_t least,
                  uint64_t most) {
  const auto value = at(info, index);
  const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : -1;
  const bool whole = value.IsNumber() && std::floor(number) == number && number >= 0;
  if (!whole || number < static_cast<double>(least) || number > static_cast<double>(most)) {
    reject(info.Env(), name,
           "a whole number from " + std::to_string(least) + " to " + std::to_string(most), value);
  }
  return static_cast<uint64_t>(number);
}

uint64_t pointer_at(const Napi::CallbackInfo& info, size_t index, const char* name) {
  const auto value = at(info, index);
  bool lossless = false;
  const uint64_t pointer =
      value.IsBigInt() ? value.As<Napi::BigInt>().Uint64Value(&lossless) : 0;
  if (!lossless || pointer == 0) reject(info.Env(), name, "a device address, as a bigint", value);
  return pointer;
}

Napi::Uint8Array bytes_at(const Napi::CallbackInfo& info, size_t index, const char* name) {
  const auto value = at(info, index);
  const bool bytes = value.IsTypedArray() &&
                     value.As<Napi::TypedArray>().TypedArrayType() == napi_uint8_array;
  if (!bytes) reject(info.Env(), name, "a Uint8Array", value);
  return value.As<Napi::Uint8Array>();
}

bool flag_at(const Napi::CallbackInfo& info, size_t index, const char* name) {
  const auto value = at(info, index);
  if (!value.IsBoolean()) reject(info.Env(), name, "true or false", value);
  return value.As<Napi::Boolean>().Value();
}

Napi::Function callback_at(const Napi::CallbackInfo& info, size_t index, const char* name) {
  const auto value = at(info, index);
  if (!value.IsFunction()) reject(info.Env(), name, "a function", value);
  return value.As<Napi::Function>();
}

}  // namespace rk
