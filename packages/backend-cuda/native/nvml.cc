// What NVIDIA's management library says of the devices: memory, load, temperature, links. It is started for as long as it is asked.
#include "environment.h"
#include "exports.h"

namespace rk {

namespace {

using NvmlDevice = struct NvmlDevice_st*;
struct NvmlMemory { unsigned long long total, free, used; };
struct NvmlLoad { unsigned gpu, memory; };

constexpr unsigned kMostLinks = 18;
constexpr unsigned kTextBytes = 96;
constexpr int kNotSupported = 3;

// Own declarations, by the exact names that the library exports.
struct Nvml {
  std::string path;
  int (*nvmlInit_v2)();
  int (*nvmlShutdown)();
  const char* (*nvmlErrorString)(int);
  int (*nvmlSystemGetDriverVersion)(char*, unsigned);
  int (*nvmlDeviceGetCount_v2)(unsigned*);
  int (*nvmlDeviceGetHandleByIndex_v2)(unsigned, NvmlDevice*);
  int (*nvmlDeviceGetUUID)(NvmlDevice, char*, unsigned);
  int (*nvmlDeviceGetMemoryInfo)(NvmlDevice, NvmlMemory*);
  int (*nvmlDeviceGetUtilizationRates)(NvmlDevice, NvmlLoad*);
  int (*nvmlDeviceGetTemperature)(NvmlDevice, int, unsigned*);
  int (*nvmlDeviceGetNvLinkState)(NvmlDevice, unsigned, int*);

  // The first entry that is missing, or null.
  const char* bind(void* library) {
#define BIND(name)                                                      \
  name = reinterpret_cast<decltype(name)>(find_symbol(library, #name)); \
  if (name == nullptr) return #name;
    BIND(nvmlInit_v2)
    BIND(nvmlShutdown)
    BIND(nvmlErrorString)
    BIND(nvmlSystemGetDriverVersion)
    BIND(nvmlDeviceGetCount_v2)
    BIND(nvmlDeviceGetHandleByIndex_v2)
    BIND(nvmlDeviceGetUUID)
    BIND(nvmlDeviceGetMemoryInfo)
    BIND(nvmlDeviceGetUtilizationRates)
    BIND(nvmlDeviceGetTemperature)
    BIND(nvmlDeviceGetNvLinkState)
#undef BIND
    return nullptr;
  }
};

bool load(const std::vector<std::string>& paths, std::vector<std::string>& reasons, Nvml& nvml) {
  for (const auto& path : paths) {
    std::string reason;
    void* library = open_library(path, reason);
    if (library == nullptr) {
      reasons.push_back(path + ": " + reason);
      continue;
    }
    const char* missing = nvml.bind(library);
    if (missing == nullptr) {
      nvml.path = path;
      return true;
    }
    reasons.push_back(path + ": has no " + missing);
  }
  return false;
}

Napi::Error missing_library(Napi::Env env, const std::vector<std::string>& reasons) {
  Failure failure;
  failure.code = "RK_CUDA_NO_NVML";
  failure.message = "no NVML library could be loaded";
  auto error = error_of(env, failure);
  auto list = Napi::Array::New(env, reasons.size());
  for (uint32_t i = 0; i < reasons.size(); i++) list.Set(i, reasons[i]);
  error.Set("reasons", list);
  return error;
}

void need(Napi::Env env, const Nvml& nvml, const char* call, int result) {
  if (result == 0) return;
  Failure failure;
  failure.code = "RK_CUDA_DRIVER";
  failure.call = call;
  failure.result = result;
  const char* text = nvml.nvmlErrorString(result);
  failure.result_name = text != nullptr ? text : "unknown";
  failure.message = std::string(call) + ": " + failure.result_name + " (" + std::to_string(result) + ")";
  throw error_of(env, failure);
}

// False where the device does not have what was asked for: not every one has a sensor, or counts its load.
bool has(Napi::Env env, const Nvml& nvml, const char* call, int result) {
  if (result == kNotSupported) return false;
  need(env, nvml, call, result);
  return true;
}

Napi::Object describe(Napi::Env env, const Nvml& nvml, unsigned index) {
  NvmlDevice device = nullptr;
  char uuid[kTextBytes] = "";
  need(env, nvml, "nvmlDeviceGetHandleByIndex_v2", nvml.nvmlDeviceGetHandleByIndex_v2(index, &device));
  need(env, nvml, "nvmlDeviceGetUUID", nvml.nvmlDeviceGetUUID(device, uuid, sizeof uuid));
  auto found = Napi::Object::New(env);
  found.Set("uuid", uuid);
  const auto set = [&](const char* key, bool known, double value) {
    found.Set(key, known ? Napi::Value(Napi::Number::New(env, value)) : env.Null());
  };
  NvmlMemory memory = {};
  bool known = has(env, nvml, "nvmlDeviceGetMemoryInfo", nvml.nvmlDeviceGetMemoryInfo(device, &memory));
  set("memoryBytes", known, static_cast<double>(memory.total));
  set("usedBytes", known, static_cast<double>(memory.used));
  NvmlLoad rates = {};
  known = has(env, nvml, "nvmlDeviceGetUtilizationRates",
              nvml.nvmlDeviceGetUtilizationRates(device, &rates));
  set("loadPercent", known, rates.gpu);
  set("memoryLoadPercent", known, rates.memory);
  unsigned celsius = 0;
  known = has(env, nvml, "nvmlDeviceGetTemperature", nvml.nvmlDeviceGetTemperature(device, 0, &celsius));
  set("temperatureC", known, celsius);
  auto links = Napi::Array::New(env);
  for (unsigned link = 0; link < kMostLinks; link++) {
    int active = 0;
    // Beyond its last link a device says "invalid argument", one without any says "not supported".
    if (nvml.nvmlDeviceGetNvLinkState(device, link, &active) != 0) break;
    links.Set(link, Napi::Boolean::New(env, active != 0));
  }
  found.Set("links", links);
  return found;
}

// Starts the library for as long as it is asked.
struct Started {
  const Nvml& nvml;
  ~Started() { nvml.nvmlShutdown(); }
};

}  // namespace

// listStatus(paths): { path, driverVersion, devices }. Opens the first of these libraries that loads.
Napi::Value ListStatus(const Napi::CallbackInfo& info) {
  const auto env = info.Env();
  std::vector<std::string> reasons;
  Nvml nvml = {};
  if (!load(texts_at(info, 0, "paths"), reasons, nvml)) throw missing_library(env, reasons);
  need(env, nvml, "nvmlInit_v2", nvml.nvmlInit_v2());
  const Started started{nvml};
  char version[kTextBytes] = "";
  need(env, nvml, "nvmlSystemGetDriverVersion", nvml.nvmlSystemGetDriverVersion(version, sizeof version));
  unsigned count = 0;
  need(env, nvml, "nvmlDeviceGetCount_v2", nvml.nvmlDeviceGetCount_v2(&count));
  auto devices = Napi::Array::New(env);
  for (unsigned i = 0; i < count; i++) devices.Set(i, describe(env, nvml, i));
  auto found = Napi::Object::New(env);
  found.Set("path", nvml.path);
  found.Set("driverVersion", version);
  found.Set("devices", devices);
  return found;
}

}  // namespace rk
