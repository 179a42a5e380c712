#include "driver.h"

#include <cstdlib>
#include <map>
#include <mutex>

#if defined(_WIN32)
#include <windows.h>
#else
#include <dlfcn.h>
#endif

namespace rk {

#if defined(_WIN32)
void* open_library(const std::string& path, std::string& reason) {
  HMODULE library = LoadLibraryExA(path.c_str(), nullptr, LOAD_LIBRARY_SEARCH_DEFAULT_DIRS);
  if (library == nullptr) reason = "LoadLibrary error " + std::to_string(GetLastError());
  return reinterpret_cast<void*>(library);
}

void* find_symbol(void* library, const char* name) {
  return reinterpret_cast<void*>(GetProcAddress(static_cast<HMODULE>(library), name));
}

void open_beside(void*, const std::string&) {}  // Windows looks there by itself
#else
void* open_library(const std::string& path, std::string& reason) {
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* text = dlerror();
    reason = text != nullptr ? text : "dlopen failed";
  }
  return library;
}

void* find_symbol(void* library, const char* name) { return dlsym(library, name); }

void open_beside(void* symbol, const std::string& name) {
  Dl_info found = {};
  if (dladdr(symbol, &found) == 0 || found.dli_fname == nullptr) return;
  const std::string path = found.dli_fname;
  dlopen((path.substr(0, path.rfind('/') + 1) + name).c_str(), RTLD_NOW | RTLD_LOCAL);
}
#endif

namespace {

std::mutex drivers_mutex;

std::map<std::string, std::shared_ptr<const Driver>>& drivers() {
  // Never destroyed: finalizers of a dying environment still free memory through it.
  static auto* all = new std::map<std::string, std::shared_ptr<const Driver>>();
  return *all;
}

// Fills in all entries; the name of the first that is missing, or null.
const char* bind(Driver& driver, void* library) {
#define X(name, parameters)                                                             \
  driver.name = reinterpret_cast<decltype(driver.name)>(find_symbol(library, #name));   \
  if (driver.name == nullptr) return #name;
  RK_DRIVER_ENTRIES(X)
#undef X
#define X(name, parameters) driver.name = reinterpret_cast<decltype(driver.name)>(find_symbol(library, #name));
  RK_NEWER_DRIVER_ENTRIES(X)
#undef X
  return nullptr;
}

void set_unless_set(const char* name, const char* value) {
#if defined(_WIN32)
  if (getenv(name) == nullptr) _putenv_s(name, value);
#else
  setenv(name, value, 0);
#endif
}

// Read by the driver when it starts; set on the thread of JavaScript, which reads the environment too. Code that is
// loaded only when it is first launched would wait for the kernels that run, which wait for it; and launches of streams
// that share a connection can wait for one another.
void configure() {
  static bool done = false;
  if (done) return;
  done = true;
  set_unless_set("CUDA_MODULE_LOADING", "EAGER");
  set_unless_set("CUDA_DEVICE_MAX_CONNECTIONS", "32");
}

}  // namespace

Failure driver_failure(const Driver& driver, const char* call, CUresult result) {
  const char* name = nullptr;
  const char* text = nullptr;
  driver.cuGetErrorName(result, &name);
  driver.cuGetErrorString(result, &text);
  Failure failure;
  failure.code = "RK_CUDA_DRIVER";
  failure.call = call;
  failure.result = result;
  failure.result_name = name != nullptr ? name : "unknown";
  failure.message = std::string(call) + ": " + failure.result_name + " (" + std::to_string(result) +
                    "): " + (text != nullptr ? text : "no text");
  return failure;
}

Failure load_driver(const std::vector<std::string>& paths, std::vector<std::string>& reasons,
                    std::shared_ptr<const Driver>& loaded) {
  std::lock_guard<std::mutex> lock(drivers_mutex);
  configure();
  for (const auto& path : paths) {
    const auto known = drivers().find(path);
    if (known != drivers().end()) {
      loaded = known->second;
      return {};
    }
    std::string reason;
    void* library = open_library(path, reason);
    if (library == nullptr) {
      reasons.push_back(path + ": " + reason);
      continue;
    }
    auto driver = std::make_shared<Driver>();
    driver->path = path;
    const char* missing = bind(*driver, library);
    if (missing != nullptr) {
      Failure failure;
      failure.code = "RK_CUDA_DRIVER_TOO_OLD";
      failure.call = missing;
      failure.message = path + " has no " + missing + ": a driver of CUDA 11 or newer is wanted";
      return failure;
    }
    driver->cuDriverGetVersion(&driver->version);
    open_beside(find_symbol(library, "cuInit"), "libnvidia-ptxjitcompiler.so.1");
    drivers()[path] = driver;
    loaded = driver;
    return {};
  }
  Failure failure;
  failure.code = "RK_CUDA_NO_DRIVER";
  failure.message = "no CUDA driver library could be loaded";
  return failure;
}

Failure start_driver(const Driver& driver) {
  const CUresult started = driver.cuInit(0);
  int count = 0;
  const CUresult counted = started == kSuccess ? driver.cuDeviceGetCount(&count) : kSuccess;
  if (started == kSuccess && counted == kSuccess && count > 0) return {};
  if (started == kSuccess && counted == kSuccess) {
    Failure failure;
    failure.code = "RK_CUDA_NO_DEVICE";
    failure.message = "the driver sees no device";
    return failure;
  }
  const char* call = started != kSuccess ? "cuInit" : "cuDeviceGetCount";
  Failure failure = driver_failure(driver, call, started != kSuccess ? started : counted);
  if (failure.result == kNoDevice) failure.code = "RK_CUDA_NO_DEVICE";
  return failure;
}

}  // namespace rk
