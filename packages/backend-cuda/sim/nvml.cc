// A stand-in for NVIDIA's management library: the first device has everything, the second neither links nor a
// temperature. RK_SIM_FAIL=call:result makes one call fail.
#include <cstdio>
#include <cstdlib>
#include <cstring>

#define API extern "C" __attribute__((visibility("default"))) int

namespace {

constexpr int kInvalidArgument = 2, kNotSupported = 3;
int numbers[2] = {0, 1};
bool started = false;

struct Memory { unsigned long long total, free, used; };
struct Load { unsigned gpu, memory; };

int injected(const char* call) {
  const char* wanted = getenv("RK_SIM_FAIL");
  const size_t length = strlen(call);
  if (wanted == nullptr || strncmp(wanted, call, length) != 0 || wanted[length] != ':') return 0;
  return atoi(wanted + length + 1);
}

}  // namespace

API nvmlInit_v2() { started = true; return injected("nvmlInit_v2"); }
API nvmlShutdown() { started = false; return 0; }
extern "C" __attribute__((visibility("default"))) const char* nvmlErrorString(int error) {
  return error == 0 ? "Success" : error == kNotSupported ? "Not Supported" : error == 15 ? "GPU is lost" : "Unknown Error";
}
API nvmlSystemGetDriverVersion(char* text, unsigned bytes) { snprintf(text, bytes, "0.0.simulated"); return 0; }
API nvmlDeviceGetCount_v2(unsigned* count) { *count = 2; return started ? 0 : 1; }
API nvmlDeviceGetHandleByIndex_v2(unsigned index, int** device) {
  if (index > 1) return kInvalidArgument;
  *device = &numbers[index];
  return 0;
}
API nvmlDeviceGetUUID(int* device, char* text, unsigned bytes) {
  snprintf(text, bytes, "GPU-00000000-0000-0000-0000-00000000000%d", *device);
  return 0;
}
API nvmlDeviceGetMemoryInfo(int*, Memory* memory) {
  *memory = {1000, 600, 400};
  return injected("nvmlDeviceGetMemoryInfo");
}
API nvmlDeviceGetUtilizationRates(int* device, Load* load) {
  *load = {*device == 0 ? 37u : 0u, 12u};
  return 0;
}
API nvmlDeviceGetTemperature(int* device, int, unsigned* celsius) {
  *celsius = 54;
  return *device == 0 ? 0 : kNotSupported;
}
API nvmlDeviceGetNvLinkState(int* device, unsigned link, int* active) {
  if (*device == 1) return kNotSupported;
  if (link >= 4) return kInvalidArgument;
  *active = link < 3;
  return 0;
}
