// From source text to functions that can be launched.
#include "environment.h"
#include "exports.h"
#include "nvrtc.h"

namespace rk {

namespace {

std::shared_ptr<const Nvrtc> compiler_at(const Napi::CallbackInfo& info) {
  std::vector<std::string> reasons;
  std::shared_ptr<const Nvrtc> nvrtc;
  const Failure failure = load_nvrtc(texts_at(info, 0, "paths"), reasons, nvrtc);
  if (!failure) return nvrtc;
  auto error = error_of(info.Env(), failure);
  auto list = Napi::Array::New(info.Env(), reasons.size());
  for (uint32_t i = 0; i < reasons.size(); i++) list.Set(i, reasons[i]);
  error.Set("reasons", list);
  throw error;
}

class CompileWork : public Napi::AsyncWorker {
 public:
  CompileWork(Napi::Env env, std::shared_ptr<const Nvrtc> nvrtc, CompileJob job)
      : AsyncWorker(env), promise(Napi::Promise::Deferred::New(env)), nvrtc_(std::move(nvrtc)),
        job_(std::move(job)) {}
  Napi::Promise::Deferred promise;

  void Execute() override { failure_ = nvrtc_->compile(job_, outcome_); }
  void OnOK() override {
    Napi::HandleScope scope(Env());
    if (failure_) {
      promise.Reject(error_of(Env(), failure_).Value());
      return;
    }
    auto result = Napi::Object::New(Env());
    const auto& image = outcome_.image;
    result.Set("image", Napi::Buffer<char>::Copy(Env(), image.data(), image.size()));
    result.Set("log", outcome_.log);
    promise.Resolve(result);
  }

 private:
  std::shared_ptr<const Nvrtc> nvrtc_;
  CompileJob job_;
  CompileOutcome outcome_;
  Failure failure_;
};

class LoadWork : public Napi::AsyncWorker {
 public:
  LoadWork(Napi::Env env, std::shared_ptr<Module> module, std::string image)
      : AsyncWorker(env), promise(Napi::Promise::Deferred::New(env)), module_(std::move(module)),
        image_(std::move(image)) {}
  Napi::Promise::Deferred promise;

  void Execute() override {
    constexpr int kErrorLog = 5, kErrorLogBytes = 6;
    std::vector<char> log(16384, 0);
    int keys[] = {kErrorLog, kErrorLogBytes};
    void* values[] = {log.data(), reinterpret_cast<void*>(static_cast<uintptr_t>(log.size()))};
    const auto& driver = *module_->context->driver;
    module_->context->enter();
    const CUresult result =
        driver.cuModuleLoadDataEx(&module_->handle, image_.c_str(), 2, keys, values);
    if (result == kSuccess) return;
    failure_ = driver_failure(driver, "cuModuleLoadDataEx", result);
    failure_.log = log.data();
  }
  void OnOK() override {
    Napi::HandleScope scope(Env());
    if (failure_) {
      promise.Reject(error_of(Env(), failure_).Value());
    } else {
      promise.Resolve(Napi::Number::New(Env(), environment(Env()).add(module_)));
    }
  }

 private:
  std::shared_ptr<Module> module_;
  std::string image_;
  Failure failure_;
};

int attribute(Napi::Env env, const Function& function, int id) {
  int value = 0;
  const auto& context = *function.context;
  check(env, context, "cuFuncGetAttribute",
        context.driver->cuFuncGetAttribute(&value, id, function.handle));
  return value;
}

}  // namespace

// findCompiler(paths): { path, version }.
Napi::Value FindCompiler(const Napi::CallbackInfo& info) {
  const auto nvrtc = compiler_at(info);
  auto found = Napi::Object::New(info.Env());
  found.Set("path", nvrtc->path);
  found.Set("version", std::to_string(nvrtc->major) + "." + std::to_string(nvrtc->minor));
  return found;
}

// compile(paths, name, source, headerNames, headerTexts, options): a promise of { image, log }.
Napi::Value Compile(const Napi::CallbackInfo& info) {
  const auto nvrtc = compiler_at(info);
  CompileJob job;
  job.name = text_at(info, 1, "name");
  job.source = text_at(info, 2, "source");
  const auto names = texts_at(info, 3, "headerNames");
  const auto texts = texts_at(info, 4, "headerTexts");
  if (names.size() != texts.size()) {
    reject(info.Env(), "headerTexts", std::to_string(names.size()) + " texts",
           Napi::Number::New(info.Env(), static_cast<double>(texts.size())));
  }
  for (size_t i = 0; i < names.size(); i++) job.headers.emplace_back(names[i], texts[i]);
  job.options = texts_at(info, 5, "options");
  auto* work = new CompileWork(info.Env(), nvrtc, std::move(job));
  const auto promise = work->promise.Promise();
  work->Queue();
  return promise;
}

// loadModule(context, image): a promise of a handle. The image is PTX, a cubin, or what the simulation makes of them.
Napi::Value LoadModule(const Napi::CallbackInfo& info) {
  auto module = std::make_shared<Module>();
  module->context = resource_at<Device>(info, 0, "context")->context;
  const auto image = bytes_at(info, 1, "image");
  require_idle(info.Env(), *module->context, "cuModuleLoadDataEx");
  // PTX is text: the driver looks for its end.
  std::string copy(reinterpret_cast<const char*>(image.Data()), image.ByteLength());
  auto* work = new LoadWork(info.Env(), std::move(module), std::move(copy));
  const auto promise = work->promise.Promise();
  work->Queue();
  return promise;
}

// getFunction(module, name, threads): { handle, registers, localBytes, sharedBytes, blocksPerMultiprocessor }.
Napi::Value GetFunction(const Napi::CallbackInfo& info) {
  const auto env = info.Env();
  auto function = std::make_shared<Function>();
  function->module = resource_at<Module>(info, 0, "module");
  function->context = function->module->context;
  const auto name = text_at(info, 1, "name");
  const auto threads = static_cast<int>(whole_at(info, 2, "threads", 1, 1024));
  auto& context = *function->context;
  require_idle(env, context, "cuModuleGetFunction");
  context.enter();
  check(env, context, "cuModuleGetFunction",
        context.driver->cuModuleGetFunction(&function->handle, function->module->handle,
                                            name.c_str()));
  // Its first launch must not load it: others may run then.
  if (context.driver->cuFuncLoad != nullptr) {
    check(env, context, "cuFuncLoad", context.driver->cuFuncLoad(function->handle));
  }
  int blocks = 0;
  check(env, context, "cuOccupancyMaxActiveBlocksPerMultiprocessor",
        context.driver->cuOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, function->handle,
                                                                    threads, 0));
  auto found = Napi::Object::New(env);
  found.Set("sharedBytes", attribute(env, *function, 1));
  found.Set("localBytes", attribute(env, *function, 3));
  found.Set("registers", attribute(env, *function, 4));
  found.Set("blocksPerMultiprocessor", blocks);
  found.Set("handle", environment(env).add(function));
  return found;
}

}  // namespace rk
