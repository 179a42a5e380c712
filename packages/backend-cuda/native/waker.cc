// One native thread that watches the rings a device writes to, so that an idle event loop is woken by a message.
//
// It looks at the sequence word of the slot each consumer reads next, and calls back once when one of them is
// published. Then it rests until it is armed again: a busy consumer polls by itself, and needs no calls.
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "environment.h"
#include "exports.h"

namespace rk {

namespace {

struct Ring {
  std::shared_ptr<HostMemory> memory;
  std::shared_ptr<HostMemory> control;
  uint32_t slots_word = 0;   // sequence word of slot 0
  uint32_t stride_words = 0;
  uint32_t capacity = 0;     // a power of two
  uint32_t head_word = 0;    // what the consumer has taken, written by it
};

uint32_t load(const HostMemory& memory, size_t word) {
  return __atomic_load_n(static_cast<const uint32_t*>(memory.pointer) + word, __ATOMIC_ACQUIRE);
}

bool published(const Ring& ring) {
  const uint32_t head = load(*ring.control, ring.head_word);
  const size_t slot = ring.slots_word + size_t{head & (ring.capacity - 1)} * ring.stride_words;
  return load(*ring.memory, slot) == head + 1;
}

struct Waker : Resource {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<Ring> rings;
  bool armed = false;
  bool stopping = false;
  bool closed = false;  // the environment ended: it has let go of `call` by itself
  uint32_t spin_us = 0;
  uint32_t sleep_us = 0;
  Napi::ThreadSafeFunction call;
  std::thread thread;

  ~Waker() override { stop(); }
  const char* kind() const override { return "waker"; }
  bool on_device() const override { return false; }

  void stop() override {
    {
      std::lock_guard<std::mutex> lock(mutex);
      stopping = true;
    }
    changed.notify_all();
    if (!thread.joinable()) return;
    thread.join();
    if (!closed) call.Release();
  }

  bool any() const {
    for (const auto& ring : rings) {
      if (published(ring)) return true;
    }
    return false;
  }

  // An environment that is about to end calls no JavaScript any more: that is no error then.
  static void wake(Napi::Env env, Napi::Function callback) {
    try {
      callback.Call({});
    } catch (const Napi::Error& error) {
      if (!error.IsEmpty()) napi_fatal_exception(env, error.Value());
    }
  }

  void run() {
    using Clock = std::chrono::steady_clock;
    std::unique_lock<std::mutex> lock(mutex);
    auto spin_until = Clock::now();
    while (!stopping) {
      if (!armed) {
        changed.wait(lock);
        spin_until = Clock::now() + std::chrono::microseconds(spin_us);
        continue;
      }
      if (any()) {
        armed = false;
        if (call.NonBlockingCall(wake) == napi_closing) {
          closed = true;
          return;
        }
        continue;
      }
      if (Clock::now() < spin_until) {
        lock.unlock();
        std::this_thread::yield();
        lock.lock();
      } else {
        changed.wait_for(lock, std::chrono::microseconds(sleep_us));
      }
    }
  }
};

}  // namespace

// startWaker(context, spinUs, sleepUs, callback): a handle. It polls for spinUs after it was armed, then every sleepUs.
Napi::Value StartWaker(const Napi::CallbackInfo& info) {
  const auto env = info.Env();
  auto waker = std::make_shared<Waker>();
  waker->context = resource_at<Device>(info, 0, "context")->context;
  waker->spin_us = static_cast<uint32_t>(whole_at(info, 1, "spinUs", 0, 1000000));
  waker->sleep_us = static_cast<uint32_t>(whole_at(info, 2, "sleepUs", 1, 1000000));
  waker->call =
      Napi::ThreadSafeFunction::New(env, callback_at(info, 3, "callback"), "ringkernel waker", 0, 1);
  waker->call.Unref(env);
  waker->thread = std::thread([raw = waker.get()] { raw->run(); });
  return Napi::Number::New(env, environment(env).add(waker));
}

// watchRing(waker, ring, control, slotsWord, strideWords, capacity, headWord): the head is a word of the control memory.
Napi::Value WatchRing(const Napi::CallbackInfo& info) {
  const auto waker = resource_at<Waker>(info, 0, "waker");
  Ring ring;
  ring.memory = resource_at<HostMemory>(info, 1, "ring");
  ring.control = resource_at<HostMemory>(info, 2, "control");
  const uint64_t words = ring.memory->bytes / 4;
  ring.slots_word = static_cast<uint32_t>(whole_at(info, 3, "slotsWord", 0, words - 1));
  ring.stride_words = static_cast<uint32_t>(whole_at(info, 4, "strideWords", 1, words));
  ring.capacity = static_cast<uint32_t>(whole_at(info, 5, "capacity", 1, words));
  ring.head_word =
      static_cast<uint32_t>(whole_at(info, 6, "headWord", 0, ring.control->bytes / 4 - 1));
  const uint64_t last = ring.slots_word + uint64_t{ring.capacity - 1} * ring.stride_words;
  if ((ring.capacity & (ring.capacity - 1)) != 0 || last >= words) {
    reject(info.Env(), "capacity", "a power of two of slots within the memory", info[5]);
  }
  std::lock_guard<std::mutex> lock(waker->mutex);
  waker->rings.push_back(std::move(ring));
  return info.Env().Undefined();
}

// armWaker(waker): the next message calls back, one that is there already does too.
Napi::Value ArmWaker(const Napi::CallbackInfo& info) {
  const auto waker = resource_at<Waker>(info, 0, "waker");
  {
    std::lock_guard<std::mutex> lock(waker->mutex);
    waker->armed = true;
  }
  waker->changed.notify_all();
  return info.Env().Undefined();
}

// refWaker(waker, referenced): whether it keeps the event loop alive.
Napi::Value RefWaker(const Napi::CallbackInfo& info) {
  const auto waker = resource_at<Waker>(info, 0, "waker");
  if (flag_at(info, 1, "referenced")) {
    waker->call.Ref(info.Env());
  } else {
    waker->call.Unref(info.Env());
  }
  return info.Env().Undefined();
}

// stopWaker(waker): its thread has ended when this returns; the handle is gone.
Napi::Value StopWaker(const Napi::CallbackInfo& info) {
  resource_at<Waker>(info, 0, "waker")->stop();
  environment(info.Env()).resources.erase(info[0].As<Napi::Number>().Uint32Value());
  return info.Env().Undefined();
}

}  // namespace rk
