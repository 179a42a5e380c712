// Which driver is here, and which devices it has.
#include "environment.h"
#include "exports.h"

namespace rk {

namespace {

std::shared_ptr<const Driver> driver_at(const Napi::CallbackInfo& info,
                                        std::vector<std::string>& reasons) {
  std::shared_ptr<const Driver> driver;
  const Failure failure = load_driver(texts_at(info, 0, "paths"), reasons, driver);
  if (!failure) return driver;
  auto error = error_of(info.Env(), failure);
  auto list = Napi::Array::New(info.Env(), reasons.size());
  for (uint32_t i = 0; i < reasons.size(); i++) list.Set(i, reasons[i]);
  error.Set("reasons", list);
  throw error;
}

struct Attribute {
  const char* name;
  int id;
};

constexpr Attribute kAttributes[] = {
    {"warpSize", 10},           {"multiprocessors", 16}, {"kernelTimeout", 17},
    {"canMapHostMemory", 19},   {"computeMode", 20},     {"pciBus", 33},
    {"pciDevice", 34},          {"major", 75},           {"minor", 76},
    {"threadsPerMultiprocessor", 39}, {"hostRegister", 99}};

std::string uuid_text(const CUuuid& uuid) {
  static const char digits[] = "0123456789abcdef";
  std::string text = "GPU-";
  for (int i = 0; i < 16; i++) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += digits[uuid.bytes[i] >> 4];
    text += digits[uuid.bytes[i] & 15];
  }
  return text;
}

Napi::Object describe(Napi::Env env, const Driver& driver, int ordinal) {
  CUdevice device = 0;
  char name[256] = "";
  CUuuid uuid = {};
  size_t bytes = 0;
  const auto need = [&](const char* call, CUresult result) {
    if (result != kSuccess) throw error_of(env, driver_failure(driver, call, result));
  };
  need("cuDeviceGet", driver.cuDeviceGet(&device, ordinal));
  need("cuDeviceGetName", driver.cuDeviceGetName(name, sizeof name, device));
  need("cuDeviceGetUuid", driver.cuDeviceGetUuid(&uuid, device));
  need("cuDeviceTotalMem_v2", driver.cuDeviceTotalMem_v2(&bytes, device));
  auto found = Napi::Object::New(env);
  found.Set("ordinal", ordinal);
  found.Set("name", name);
  found.Set("uuid", uuid_text(uuid));
  found.Set("memoryBytes", static_cast<double>(bytes));
  for (const auto& [key, id] : kAttributes) {
    int value = 0;
    need("cuDeviceGetAttribute", driver.cuDeviceGetAttribute(&value, id, device));
    found.Set(key, value);
  }
  return found;
}

Napi::Array peers(Napi::Env env, const Driver& driver, int ordinal, int count) {
  auto list = Napi::Array::New(env);
  uint32_t length = 0;
  for (int peer = 0; peer < count; peer++) {
    CUdevice a = 0, b = 0;
    int can = 0;
    if (peer == ordinal || driver.cuDeviceGet(&a, ordinal) != kSuccess ||
        driver.cuDeviceGet(&b, peer) != kSuccess) {
      continue;
    }
    if (driver.cuDeviceCanAccessPeer(&can, a, b) == kSuccess && can != 0) list.Set(length++, peer);
  }
  return list;
}

constexpr int kOnlyStart = -1;

// Starts the driver, and opens a device if one is wanted, on another thread.
class StartWork : public Napi::AsyncWorker {
 public:
  static Napi::Value begin(Napi::Env env, std::shared_ptr<const Driver> driver, int ordinal) {
    auto* work = new StartWork(env, std::move(driver), ordinal);
    const auto promise = work->promise_.Promise();
    work->Queue();
    return promise;
  }
  void Execute() override {
    failure_ = start_driver(*driver_);
    if (!failure_ && ordinal_ != kOnlyStart) failure_ = open_context(driver_, ordinal_, context_);
  }
  void OnOK() override {
    Napi::HandleScope scope(Env());
    if (failure_) return promise_.Reject(error_of(Env(), failure_).Value());
    if (context_ == nullptr) return promise_.Resolve(Env().Undefined());
    auto device = std::make_shared<Device>();
    device->context = std::move(context_);
    promise_.Resolve(Napi::Number::New(Env(), environment(Env()).add(device)));
  }

 private:
  StartWork(Napi::Env env, std::shared_ptr<const Driver> driver, int ordinal)
      : AsyncWorker(env), promise_(Napi::Promise::Deferred::New(env)), driver_(std::move(driver)),
        ordinal_(ordinal) {}
  Napi::Promise::Deferred promise_;
  std::shared_ptr<const Driver> driver_;
  std::shared_ptr<Context> context_;
  int ordinal_;
  Failure failure_;
};

}  // namespace

// findDriver(paths): { path, version }. Loads a library, does not start it.
Napi::Value FindDriver(const Napi::CallbackInfo& info) {
  std::vector<std::string> reasons;
  const auto driver = driver_at(info, reasons);
  auto found = Napi::Object::New(info.Env());
  found.Set("path", driver->path);
  found.Set("version", driver->version);
  return found;
}

// listDevices(paths): what the driver's devices are. Starts it here and now if nobody did before.
Napi::Value ListDevices(const Napi::CallbackInfo& info) {
  const auto env = info.Env();
  std::vector<std::string> reasons;
  const auto driver = driver_at(info, reasons);
  const Failure failure = start_driver(*driver);
  if (failure) throw error_of(env, failure);
  int count = 0;
  driver->cuDeviceGetCount(&count);
  auto list = Napi::Array::New(env);
  for (int i = 0; i < count; i++) {
    auto device = describe(env, *driver, i);
    device.Set("peers", peers(env, *driver, i, count));
    list.Set(static_cast<uint32_t>(i), device);
  }
  return list;
}

// startDriver(paths): resolves when the driver has started, which takes it tens of milliseconds.
Napi::Value StartDriver(const Napi::CallbackInfo& info) {
  std::vector<std::string> reasons;
  return StartWork::begin(info.Env(), driver_at(info, reasons), kOnlyStart);
}

// open(paths, ordinal): resolves with a handle of the device's primary context, which may take a second to make.
Napi::Value Open(const Napi::CallbackInfo& info) {
  std::vector<std::string> reasons;
  const auto driver = driver_at(info, reasons);
  const auto ordinal = static_cast<int>(whole_at(info, 1, "ordinal", 0, 1023));
  return StartWork::begin(info.Env(), driver, ordinal);
}

// free(handle): gives back whatever it names. What others still need lives until they are freed too, and what could
// hang as long as a kernel runs is done when none does.
Napi::Value Free(const Napi::CallbackInfo& info) {
  const auto handle = static_cast<uint32_t>(whole_at(info, 0, "handle", 1, UINT32_MAX));
  auto& all = environment(info.Env()).resources;
  const auto found = all.find(handle);
  if (found == all.end()) reject(info.Env(), "handle", "a live handle", info[0]);
  all.erase(found);
  return info.Env().Undefined();
}

}  // namespace rk
