// NVIDIA's run-time compiler, loaded at run time.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "driver.h"

namespace rk {

struct CompileJob {
  std::string source;
  std::string name;
  std::vector<std::pair<std::string, std::string>> headers;
  std::vector<std::string> options;
};

struct CompileOutcome {
  std::string image;
  std::string log;
};

class Nvrtc {
 public:
  std::string path;
  int major = 0;
  int minor = 0;
  // PTX, or a cubin when the options name a real architecture (`sm_90`). Safe on any thread.
  Failure compile(const CompileJob& job, CompileOutcome& outcome) const;

 private:
  friend Failure load_nvrtc(const std::vector<std::string>&, std::vector<std::string>&,
                            std::shared_ptr<const Nvrtc>&);
  using Program = struct Program_st*;
  Failure failure(const char* call, int result, const std::string& log) const;
  const char* bind(void* library);

  int (*nvrtcVersion)(int*, int*) = nullptr;
  const char* (*nvrtcGetErrorString)(int) = nullptr;
  int (*nvrtcCreateProgram)(Program*, const char*, const char*, int, const char* const*,
                            const char* const*) = nullptr;
  int (*nvrtcDestroyProgram)(Program*) = nullptr;
  int (*nvrtcCompileProgram)(Program, int, const char* const*) = nullptr;
  int (*nvrtcGetProgramLogSize)(Program, size_t*) = nullptr;
  int (*nvrtcGetProgramLog)(Program, char*) = nullptr;
  int (*nvrtcGetPTXSize)(Program, size_t*) = nullptr;
  int (*nvrtcGetPTX)(Program, char*) = nullptr;
  int (*nvrtcGetCUBINSize)(Program, size_t*) = nullptr;
  int (*nvrtcGetCUBIN)(Program, char*) = nullptr;
};

// Loads the first of these libraries that can be; `reasons` says of each other one why not.
Failure load_nvrtc(const std::vector<std::string>& paths, std::vector<std::string>& reasons,
                   std::shared_ptr<const Nvrtc>& loaded);

}  // namespace rk
