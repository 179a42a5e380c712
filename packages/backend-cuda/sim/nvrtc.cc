// A stand-in for NVRTC: compiles device source with g++ into a library that the simulated driver loads. Its own
// options: --sim-folder=DIR, where the libraries are kept by the hash of their text, and --sim-flags=FLAGS.
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#define API extern "C" __attribute__((visibility("default"))) int

namespace {

struct Program {
  std::string source, log, image;
  std::vector<std::pair<std::string, std::string>> headers;
};

void mix(uint64_t& hash, const std::string& text) {
  for (const char c : text + '\0') hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ull;
}

std::string option(int count, const char* const* options, const char* name) {
  for (int i = 0; i < count; i++) {
    if (strncmp(options[i], name, strlen(name)) == 0) return options[i] + strlen(name);
  }
  return "";
}

std::string contents(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

bool exists(const std::string& path) {
  struct stat found;
  return stat(path.c_str(), &found) == 0;
}

}  // namespace

API nvrtcVersion(int* major, int* minor) { *major = 13; *minor = 0; return 0; }
extern "C" __attribute__((visibility("default"))) const char* nvrtcGetErrorString(int error) {
  return error == 0 ? "NVRTC_SUCCESS" : error == 6   ? "NVRTC_ERROR_COMPILATION"
         : error == 5 ? "NVRTC_ERROR_INVALID_OPTION"
                      : "NVRTC_ERROR_INVALID_INPUT";
}
API nvrtcCreateProgram(Program** program, const char* source, const char*, int count,
                       const char* const* texts, const char* const* names) {
  *program = new Program();
  (*program)->source = source;
  for (int i = 0; i < count; i++) (*program)->headers.emplace_back(names[i], texts[i]);
  return 0;
}
API nvrtcDestroyProgram(Program** program) { delete *program; *program = nullptr; return 0; }
API nvrtcCompileProgram(Program* program, int count, const char* const* options) {
  const std::string folder = option(count, options, "--sim-folder=");
  const std::string flags = option(count, options, "--sim-flags=");
  if (folder.empty()) {
    program->log = "--sim-folder is missing, and other options are not known";
    return 5;
  }
  uint64_t hash = 0xcbf29ce484222325ull;
  mix(hash, flags);
  mix(hash, program->source);
  for (const auto& [name, text] : program->headers) { mix(hash, name); mix(hash, text); }
  char key[17];
  snprintf(key, sizeof key, "%016llx", static_cast<unsigned long long>(hash));
  const std::string library = folder + "/" + key + ".so";
  program->image = "RKSIM:" + library;
  if (exists(library)) return 0;
  std::string work = folder + "/" + key + "-XXXXXX";
  if (mkdtemp(&work[0]) == nullptr) return 3;
  for (const auto& [name, text] : program->headers) std::ofstream(work + "/" + name) << text;
  std::ofstream(work + "/module.cu") << program->source;
  const std::string command = "g++ -std=c++17 -fPIC -shared -fvisibility=hidden -ffp-contract=off -frounding-math " + flags + " -I'" + work +
                              "' -x c++ '" + work + "/module.cu' -o '" + work + "/module.so' 2>'" + work + "/log'";
  const int failed = system(command.c_str());
  program->log = contents(work + "/log");
  if (failed == 0) rename((work + "/module.so").c_str(), library.c_str());
  for (const auto& [name, text] : program->headers) unlink((work + "/" + name).c_str());
  for (const char* name : {"/module.cu", "/log", "/module.so"}) unlink((work + name).c_str());
  rmdir(work.c_str());
  return failed == 0 ? 0 : 6;
}
API nvrtcGetProgramLogSize(Program* program, size_t* bytes) { *bytes = program->log.size() + 1; return 0; }
API nvrtcGetProgramLog(Program* program, char* text) { strcpy(text, program->log.c_str()); return 0; }
API nvrtcGetPTXSize(Program* program, size_t* bytes) { *bytes = program->image.size() + 1; return 0; }
API nvrtcGetPTX(Program* program, char* text) { strcpy(text, program->image.c_str()); return 0; }
API nvrtcGetCUBINSize(Program* program, size_t* bytes) { return nvrtcGetPTXSize(program, bytes); }
API nvrtcGetCUBIN(Program* program, char* text) { return nvrtcGetPTX(program, text); }
