// The device runtime and a host in C++, all in one program: so that ThreadSanitizer sees both sides. Two kernels hand
// tokens to each other, the host sends and receives, yields, stops and wakes a kernel, and counts what came back. Two more
// threads of the host send by lanes of their own and get replies.
//
// Usage: stress TOKENS HOPS YIELDS SLICE_US shared|dedicated NODES. With a slice the kernels also leave by themselves; with
// `dedicated` each instance of the second kernel has a worker of its own. Exits with 1 when a message was lost, repeated or reordered.
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <thread>
#include <vector>

#define RK_WITH_PROGRAM
typedef unsigned int rk_u32;
typedef unsigned long long rk_u64;
#include "rk_worker.h"
#include "rk_dispatch.h"
#include "world.h"

// The lanes of the dispatcher's warp, which the tests build with one and with several.
pthread_barrier_t warp_barrier;
RkDispatcher warp_shared;

namespace {

constexpr rk_u32 kToken = 1, kDone = 2, kNumber = 3, kNumbered = 4, kGreet = 5;
// The last place of each kernel is a guest's, who comes and goes.
constexpr rk_u32 kLanes = 2;
constexpr rk_u32 kInstances = 24, kPlaces = kInstances + 1, kWorkers = 2, kNodeBytes = 128, kSlots = 16;

struct Token {
  rk_u32 hops, id, seen;
};

}  // namespace

// A token goes on to an instance of the other kernel, and greets its guest; a number is sent back with how many came before it.
RK_DEV bool rk_handle(RkTurn* t, rk_u32 type) {
  if (type == kToken) {
    Token token = *(const Token*)t->message;
    rk_u32* state = (rk_u32*)t->state;
    state[0]++;
    token.seen++;
    const rk_u32 other = t->base == 64u ? 128u : 64u;
    if (token.hops-- == 0u) {
      *(Token*)rk_emit(t, kDone, sizeof(Token)) = token;
    } else {
      rk_u8* payload = rk_send(t, other + (token.id * 7u + token.hops) % kInstances, kToken, sizeof(Token), token.id & 3u);
      *(Token*)payload = token;
    }
    *(rk_u32*)rk_send(t, other + kInstances, kGreet, 4u, 1u) = token.id;
    return true;
  }
  if (type == kGreet) {
    ((rk_u32*)t->state)[2]++;
    return true;
  }
  if (type == kNumber) {
    const bool wanted = (rk_flags(t->asked) & RK_REPLY_WANTED) != 0u;
    rk_u32* out = (rk_u32*)(wanted ? rk_reply(t, kNumbered, 8u) : rk_emit(t, kNumbered, 8u));
    out[0] = *(const rk_u32*)t->message;
    out[1] = ((rk_u32*)t->state)[1]++;
    return true;
  }
  return false;
}

namespace {

rk_sim::Memory memory;
RkWorld* world;

bool dedicated = false;
rk_u32 nodes = 8;

rk_u32 workers_of(rk_u32 slot) { return dedicated && slot == 1 ? kPlaces : kWorkers; }

void make_world() {
  memory.make_world({kPlaces, nodes, kNodeBytes, kSlots, kLanes}, 2);
  memory.make_kernel(0, 64, workers_of(0), false);
  memory.make_kernel(1, 128, workers_of(1), dedicated);
  world = memory.world;
}

std::vector<std::thread> running;
std::atomic<size_t> ended{0};

void start(rk_u32 kernels) {
  world->stop = RKC_RUN;
  world->left = 0;
  world->control[RKW_EXPECTED] = 0;
  for (rk_u32 k = 0; k < kernels; k++) world->control[RKW_EXPECTED] += workers_of(k);
  __atomic_store_n(world->control + RKW_COMMAND, RKC_RUN, __ATOMIC_RELEASE);
  for (rk_u32 lane = 0; lane < RK_WARP; lane++) {
    running.emplace_back([=] {
      const rk_sim_thread self = {lane, RK_WARP, 0, 1, &warp_barrier, &warp_shared};
      RkWorldParameters p = {world};
      rk_dispatch__call(&self, &p);
      ended++;
    });
  }
  for (rk_u32 k = 0; k < kernels; k++) {
    for (rk_u32 t = 0; t < workers_of(k); t++) {
      running.emplace_back([=] {
        // A warp of one thread that works, whatever the dispatcher's has.
        const rk_sim_thread self = {0, 1, t * RK_WARP, workers_of(k) * RK_WARP};
        RkWorkerParameters p = {world, k, workers_of(k)};
        rk_work__call(&self, &p);
        ended++;
      });
    }
  }
}

rk_u32 ring_head = 0, done = 0, wrong = 0, answered = 0, slices = 0, buried = 0, guests = 0;
std::vector<rk_u32> numbered;
std::deque<std::vector<rk_u32>> kept;
rk_u32 spilled = 0;

void take_ring() {
  for (;;) {
    RkHeader* slot = (RkHeader*)(world->ring + (size_t)(ring_head & (kSlots - 1)) * kNodeBytes);
    if (__atomic_load_n(&slot->link, __ATOMIC_ACQUIRE) != ring_head + 1) return;
    const rk_u32 kind = rk_flags(slot);
    if (kind == RKR_EMIT && slot->type == kDone) {
      done++;
    } else if (kind == RKR_EMIT && slot->type == kNumbered) {
      // Numbers of one sender come back in order, and so each as the one after the last.
      const rk_u32 number = rk_payload(slot)[0], before = rk_payload(slot)[1];
      if (number != before || number != numbered[slot->source - 64]++) wrong++;
    } else if (kind == RKR_ANSWER) {
      if (slot->extra != 0) answered = slot->extra;  // 0 only wakes the host
    } else if (kind == RKR_SPILL) {
      const rk_u32* words = (const rk_u32*)slot;
      kept.emplace_back(words, words + 16 + rk_words(slot->bytes));
      kept.back()[3] = (kept.back()[3] & 0xffffu) | (RKF_SPILLED << 16);
      spilled++;
    } else if (kind == RKR_DEAD_LETTER && slot->type == kGreet && slot->extra == RK_TERMINATED) {
      buried++;
    } else {
      wrong++;
    }
    __atomic_store_n(world->control + RKW_RING_HEAD, ++ring_head, __ATOMIC_RELEASE);
  }
}

void stop() {
  __atomic_store_n(world->control + RKW_COMMAND, RKC_LEAVE, __ATOMIC_RELEASE);
  // All may wait for room in the ring, so somebody has to make some.
  while (ended.load(std::memory_order_relaxed) != running.size()) {
    take_ring();
    sched_yield();
  }
  for (auto& thread : running) thread.join();
  running.clear();
  ended = 0;
  world->control[RKW_SLICE_ENDED] = 0;
}

rk_u32 lane_tail = 0;

// The next free slot of the lane, or null.
rk_u32* lane_slot() {
  if (lane_tail - __atomic_load_n(world->control + RKW_LANE_HEAD, __ATOMIC_ACQUIRE) >= kSlots) return nullptr;
  return (rk_u32*)(world->lane + (size_t)(lane_tail & (kSlots - 1)) * kNodeBytes);
}

void drain() {
  take_ring();
  for (rk_u32* slot; !kept.empty() && (slot = lane_slot()) != nullptr; kept.pop_front()) {
    memcpy(slot, kept.front().data(), kept.front().size() * 4);
    __atomic_store_n(world->control + RKW_LANE_TAIL, ++lane_tail, __ATOMIC_RELEASE);
  }
  if (__atomic_load_n(world->control + RKW_SLICE_ENDED, __ATOMIC_ACQUIRE) == 0) return;
  slices++;
  stop();
  start(2);
}

void send(rk_u32 destination, rk_u32 type, rk_u32 flags, const void* payload, rk_u32 bytes, rk_u32 extra) {
  while (!kept.empty() || lane_slot() == nullptr) {
    drain();
    sched_yield();
  }
  RkHeader* slot = (RkHeader*)lane_slot();
  memset(slot, 0, sizeof *slot);
  slot->type = type;
  slot->bytes = bytes;
  slot->packed = flags << 16;
  slot->destination = destination;
  slot->extra = extra;
  if (bytes > 0) memcpy(slot + 1, payload, bytes);
  __atomic_store_n(world->control + RKW_LANE_TAIL, ++lane_tail, __ATOMIC_RELEASE);
}

// `destination` is a kernel's slot, or the address of an instance, which gets a new state with it.
void ask(rk_u32 destination, rk_u32 what) {
  static rk_u32 token = 0;
  const rk_u32 state[4] = {};
  send(destination, 0, what << 8, state, what == RKL_SPAWN ? sizeof state : 0, ++token);
  while (answered != token) {
    drain();
    sched_yield();
  }
}

std::atomic<rk_u32> lane_threads{0}, lane_wrong{0}, lane_replies{0};

// A thread with a lane: asks an instance that nobody else sends numbers to, and expects the replies in order.
void use_lane(rk_u32 number, rk_u32 count) {
  const RkHostLane& lane = world->host_lanes[number - 1];
  rk_u32 tail = 0, head = 0;
  while (head < count) {
    // No more than its ring can take.
    if (tail < count && tail - head < kSlots && tail - __atomic_load_n(lane.control + RKH_HEAD, __ATOMIC_ACQUIRE) < kSlots) {
      RkHeader* slot = (RkHeader*)(lane.slots + (size_t)(tail & (kSlots - 1)) * kNodeBytes);
      memset(slot, 0, sizeof *slot);
      slot->type = kNumber;
      slot->bytes = 4;
      slot->packed = (RK_REPLY_WANTED | number << RKF_LANE_SHIFT) << 16;
      slot->destination = 128 + number;
      rk_payload(slot)[0] = tail;
      __atomic_store_n(lane.control + RKH_TAIL, ++tail, __ATOMIC_RELEASE);
    }
    RkHeader* reply = (RkHeader*)(lane.ring + (size_t)(head & (kSlots - 1)) * kNodeBytes);
    if (__atomic_load_n(&reply->link, __ATOMIC_ACQUIRE) != head + 1) {
      sched_yield();
      continue;
    }
    const bool right = rk_flags(reply) == RKR_REPLY && rk_payload(reply)[0] == head && rk_payload(reply)[1] == head;
    if (!right) lane_wrong++;
    lane_replies++;
    __atomic_store_n(lane.control + RKH_RING_HEAD, ++head, __ATOMIC_RELEASE);
  }
  lane_threads--;
}

void activate(rk_u32 kernel) {
  static rk_u32 token = 0x40000000u;
  __atomic_store_n(world->control + RKW_ACTIVATE_KERNEL, kernel, __ATOMIC_RELAXED);
  __atomic_store_n(world->control + RKW_ACTIVATE_AT, lane_tail, __ATOMIC_RELAXED);
  __atomic_store_n(world->control + RKW_ACTIVATE_TOKEN, ++token, __ATOMIC_RELEASE);
  while (answered != token) {
    drain();
    sched_yield();
  }
}

// Reads plainly what the workers wrote plainly: only right when the answer that came before is ordered behind it.
rk_u32 tokens_seen(rk_u32 kernel) {
  rk_u32 seen = 0;
  for (rk_u32 i = 0; i < kInstances; i++) seen += ((const rk_u32*)(world->kernels[kernel].states + 16u * i))[0];
  return seen;
}

// What a run writes last; a stopped kernel goes on writing it, one that has settled does not.
rk_u32 clocks_ahead(rk_u32 kernel) {
  rk_u32 ahead = 0;
  for (rk_u32 i = 0; i < kInstances; i++) ahead += world->kernels[kernel].mail[i].physical > rk_now_us(world);
  return ahead;
}

}  // namespace

int main(int, char** arguments) {
  const rk_u32 tokens = atoi(arguments[1]), hops = atoi(arguments[2]), yields = atoi(arguments[3]);
  dedicated = strcmp(arguments[5], "dedicated") == 0;
  nodes = atoi(arguments[6]);
  pthread_barrier_init(&warp_barrier, nullptr, RK_WARP);
  make_world();
  world->timeout_ns = 60000000000ull;
  world->stuck_ms = 60000;
  world->slice_ns = atoi(arguments[4]) * 1000ull;
  numbered.assign(kInstances, 0);
  start(2);
  std::vector<std::thread> lanes;
  lane_threads = kLanes;
  for (rk_u32 i = 1; i <= kLanes; i++) lanes.emplace_back(use_lane, i, tokens);
  std::vector<rk_u32> next(kInstances, 0);
  for (rk_u32 i = 0; i < tokens; i++) {
    const Token token = {hops, i, 0};
    send(64 + i % kInstances, kToken, 0, &token, sizeof token, 0);
    const rk_u32 instance = (i * 5) % kInstances;
    send(64 + instance, kNumber, 0, &next[instance], 4, 0);
    next[instance]++;
    if (i % 8 == 0) {
      const rk_u32 guest = (i % 16 == 0 ? 64 : 128) + kInstances;
      ask(guest, RKL_RETIRE);
      ask(guest, RKL_SPAWN);
      guests++;
    }
    if (yields > 0 && i % (tokens / yields + 1) == 0) {
      ask(1, RKL_DEACTIVATE);
      if (tokens_seen(1) > tokens * (hops + 1)) wrong++;
      activate(1);
      stop();
      start(2);
    }
    drain();
  }
  rk_u32 numbers = 0;
  while (lane_threads != 0) {
    drain();
    sched_yield();
  }
  for (auto& lane : lanes) lane.join();
  wrong += lane_wrong;
  __atomic_store_n(world->control + RKW_SETTLE_EPOCH, 1u, __ATOMIC_RELEASE);
  while (__atomic_load_n(world->control + RKW_QUIET_EPOCH, __ATOMIC_ACQUIRE) != 1u) {
    drain();
    sched_yield();
  }
  drain();
  if (tokens_seen(0) + tokens_seen(1) != tokens * (hops + 1)) wrong++;
  wrong += clocks_ahead(0) + clocks_ahead(1);
  stop();
  for (rk_u32 n : numbered) numbers += n;
  const rk_u64 handled = world->kernels[0].counters[RK_COUNT_HANDLED] + world->kernels[1].counters[RK_COUNT_HANDLED];
  // Each token greets once in each hop; what was for a guest that had left is buried.
  const rk_u64 expected = (rk_u64)tokens * (hops + 1) * 2 + tokens - buried + lane_replies;
  printf("%u tokens, %u done, %u numbers, %u wrong, %llu handled of %llu, %u slices, %u spilled, %u guests, %u buried, %u by lanes\n", tokens, done, numbers, wrong,
         handled, expected, slices, spilled, guests, buried, lane_replies.load());
  return done == tokens && numbers == tokens && wrong == 0 && handled == expected && lane_replies == kLanes * tokens ? 0 : 1;
}
