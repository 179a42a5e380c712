#include "nvrtc.h"

#include <map>
#include <mutex>

namespace rk {

const char* Nvrtc::bind(void* library) {
#define BIND(name)                                                            \
  name = reinterpret_cast<decltype(name)>(find_symbol(library, #name));       \
  if (name == nullptr) return #name;
  BIND(nvrtcVersion)
  BIND(nvrtcGetErrorString)
  BIND(nvrtcCreateProgram)
  BIND(nvrtcDestroyProgram)
  BIND(nvrtcCompileProgram)
  BIND(nvrtcGetProgramLogSize)
  BIND(nvrtcGetProgramLog)
  BIND(nvrtcGetPTXSize)
  BIND(nvrtcGetPTX)
  BIND(nvrtcGetCUBINSize)
  BIND(nvrtcGetCUBIN)
#undef BIND
  return nullptr;
}

Failure load_nvrtc(const std::vector<std::string>& paths, std::vector<std::string>& reasons,
                   std::shared_ptr<const Nvrtc>& loaded) {
  static std::mutex mutex;
  static auto* all = new std::map<std::string, std::shared_ptr<const Nvrtc>>();
  std::lock_guard<std::mutex> lock(mutex);
  for (const auto& path : paths) {
    const auto known = all->find(path);
    if (known != all->end()) {
      loaded = known->second;
      return {};
    }
    std::string reason;
    void* library = open_library(path, reason);
    if (library == nullptr) {
      reasons.push_back(path + ": " + reason);
      continue;
    }
    auto nvrtc = std::make_shared<Nvrtc>();
    nvrtc->path = path;
    const char* missing = nvrtc->bind(library);
    if (missing != nullptr) {
      reasons.push_back(path + ": has no " + missing);
      continue;
    }
    nvrtc->nvrtcVersion(&nvrtc->major, &nvrtc->minor);
    const auto version = std::to_string(nvrtc->major) + "." + std::to_string(nvrtc->minor);
    open_beside(find_symbol(library, "nvrtcVersion"), "libnvrtc-builtins.so." + version);
    (*all)[path] = nvrtc;
    loaded = nvrtc;
    return {};
  }
  Failure failure;
  failure.code = "RK_CUDA_NO_COMPILER";
  failure.message = "no NVRTC library could be loaded";
  return failure;
}

Failure Nvrtc::failure(const char* call, int result, const std::string& log) const {
  Failure failed;
  failed.code = "RK_CUDA_COMPILE";
  failed.call = call;
  failed.result = result;
  const char* text = nvrtcGetErrorString(result);
  failed.result_name = text != nullptr ? text : "unknown";
  failed.message = std::string(call) + ": " + failed.result_name + " (" + std::to_string(result) + ")";
  failed.log = log;
  return failed;
}

Failure Nvrtc::compile(const CompileJob& job, CompileOutcome& outcome) const {
  std::vector<const char*> names, texts, options;
  for (const auto& [name, text] : job.headers) {
    names.push_back(name.c_str());
    texts.push_back(text.c_str());
  }
  bool cubin = false;
  for (const auto& option : job.options) {
    options.push_back(option.c_str());
    if (option.find("=sm_") != std::string::npos) cubin = true;
  }
  Program program = nullptr;
  int result = nvrtcCreateProgram(&program, job.source.c_str(), job.name.c_str(),
                                  static_cast<int>(names.size()), texts.data(), names.data());
  if (result != 0) return failure("nvrtcCreateProgram", result, "");
  const int compiled =
      nvrtcCompileProgram(program, static_cast<int>(options.size()), options.data());
  size_t length = 0;
  if (nvrtcGetProgramLogSize(program, &length) == 0 && length > 1) {
    outcome.log.resize(length);
    nvrtcGetProgramLog(program, &outcome.log[0]);
    outcome.log.resize(length - 1);
  }
  Failure failed;
  if (compiled != 0) failed = failure("nvrtcCompileProgram", compiled, outcome.log);
  if (!failed) {
    result = cubin ? nvrtcGetCUBINSize(program, &length) : nvrtcGetPTXSize(program, &length);
    if (result == 0) {
      outcome.image.resize(length);
      char* image = &outcome.image[0];
      result = cubin ? nvrtcGetCUBIN(program, image) : nvrtcGetPTX(program, image);
    }
    if (result != 0) failed = failure("nvrtcGetPTX", result, outcome.log);
  }
  nvrtcDestroyProgram(&program);
  return failed;
}

}  // namespace rk
