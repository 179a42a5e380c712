#include "environment.h"

#include <cmath>

namespace rk {

Context::~Context() {
  if (handle != nullptr) driver->cuDevicePrimaryCtxRelease_v2(device);
}

bool Context::busy() const {
  enter();
  for (const auto& weak : streams) {
    const auto stream = weak.lock();
    if (stream != nullptr && driver->cuStreamQuery(stream->handle) == kNotReady) return true;
  }
  return false;
}

DeviceMemory::~DeviceMemory() {
  if (pointer == 0) return;
  context->enter();
  context->driver->cuMemFree_v2(pointer);
}

HostMemory::~HostMemory() {
  if (pointer == nullptr) return;
  context->enter();
  if (registered) {
    context->driver->cuMemHostUnregister(pointer);
  } else {
    context->driver->cuMemFreeHost(pointer);
  }
}

Module::~Module() {
  if (handle == nullptr) return;
  context->enter();
  context->driver->cuModuleUnload(handle);
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

void require_idle(Napi::Env env, const Context& context, const char* call) {
  if (!context.busy()) return;
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
