// The ring of @ringkernel/core/queue as one would write it in C++: the peer of `bench queue`.
// Single producer, single consumer, 64-byte slots, cached opposite index, head and tail 128 bytes apart, batches.
// Usage: ring same|stream|trip BATCH COUNT, prints nanoseconds per message (per round trip for `trip`).
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <chrono>
#include <string>
#include <thread>
#if defined(__x86_64__)
#include <immintrin.h>
static inline void relax() { _mm_pause(); }
#elif defined(__aarch64__)
static inline void relax() { asm volatile("yield"); }
#else
static inline void relax() {}
#endif

constexpr uint32_t kCapacity = 1024;
constexpr uint32_t kMask = kCapacity - 1;
struct alignas(64) Slot { double d0; uint32_t payload, priority; double d[6]; };
static_assert(sizeof(Slot) == 64, "one line");

struct Ring {
  alignas(128) std::atomic<uint32_t> tail{0};
  alignas(128) std::atomic<uint32_t> head{0};
  alignas(128) Slot slots[kCapacity];
};

struct Producer {
  Ring& ring; uint32_t tail = 0, seenHead = 0;
  Slot* claim() {
    if (tail - seenHead == kCapacity) {
      seenHead = ring.head.load(std::memory_order_acquire);
      if (tail - seenHead == kCapacity) return nullptr;
    }
    return &ring.slots[tail++ & kMask];
  }
  void publish() { ring.tail.store(tail, std::memory_order_release); }
};

struct Consumer {
  Ring& ring; uint32_t head = 0, end = 0, told = 0;
  void tell() { if (told != head) ring.head.store(told = head, std::memory_order_release); }
  Slot* peek() {
    if (head == end) {
      tell();
      end = ring.tail.load(std::memory_order_acquire);
      if (head == end) return nullptr;
    }
    return &ring.slots[head & kMask];
  }
  void release() { head++; if (head - told >= kCapacity / 4) tell(); }
};

static void fill(Slot& s, double v) {
  s.d0 = v; s.payload = 0; s.priority = 1;
  for (int i = 0; i < 6; i++) s.d[i] = v + i;
}
static double sum(const Slot& s) {
  double t = s.d0 + s.priority;
  for (int i = 0; i < 6; i++) t += s.d[i];
  return t;
}
static double nowNs() {
  return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

static void send(Producer& p, double v) {
  Slot* s;
  while ((s = p.claim()) == nullptr) { p.publish(); relax(); }
  fill(*s, v);
}
static double receive(Consumer& c) {
  Slot* s;
  while ((s = c.peek()) == nullptr) relax();
  double t = sum(*s);
  c.release();
  return t;
}

static double same(Ring& ring, uint32_t batch, uint64_t count, double& total) {
  Producer p{ring}; Consumer c{ring};
  double start = nowNs();
  for (uint64_t n = 0; n < count; n += batch) {
    for (uint32_t i = 0; i < batch; i++) send(p, double(n + i));
    p.publish();
    for (uint32_t i = 0; i < batch; i++) total += receive(c);
  }
  return (nowNs() - start) / double(count);
}

static double stream(Ring& ring, uint32_t batch, uint64_t count, double& total) {
  std::atomic<bool> ready{false};
  std::thread consumer([&] {
    Consumer c{ring};
    ready.store(true);
    double t = 0;
    for (uint64_t n = 0; n < count; n++) t += receive(c);
    total = t;
  });
  while (!ready.load()) relax();
  Producer p{ring};
  double start = nowNs();
  for (uint64_t n = 0; n < count; n += batch) {
    for (uint32_t i = 0; i < batch; i++) send(p, double(n + i));
    p.publish();
  }
  consumer.join();
  return (nowNs() - start) / double(count);
}

static double trip(Ring& there, Ring& back, uint64_t count, double& total) {
  std::atomic<bool> ready{false};
  std::thread echo([&] {
    Consumer c{there}; Producer p{back};
    ready.store(true);
    for (uint64_t n = 0; n < count; n++) { send(p, receive(c)); p.publish(); }
  });
  while (!ready.load()) relax();
  Producer p{there}; Consumer c{back};
  double start = nowNs();
  for (uint64_t n = 0; n < count; n++) { send(p, double(n)); p.publish(); total += receive(c); }
  double spent = nowNs() - start;
  echo.join();
  return spent / double(count);
}

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  std::string mode = argv[1];
  uint32_t batch = uint32_t(std::atoi(argv[2]));
  uint64_t count = uint64_t(std::atoll(argv[3]));
  static Ring a, b;
  std::memset(a.slots, 0, sizeof a.slots);
  std::memset(b.slots, 0, sizeof b.slots);
  double total = 0, ns;
  if (mode == "same") ns = same(a, batch, count, total);
  else if (mode == "stream") ns = stream(a, batch, count, total);
  else if (mode == "trip") ns = trip(a, b, count, total);
  else return 2;
  asm volatile("" ::"m"(total));
  std::printf("%.3f\n", ns);
}
