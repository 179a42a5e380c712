// What a message costs the device, counted instead of timed: how often each step reads the host's memory, waits until the
// host can see what was written, reads or changes words that other threads of the device change, and publishes to them.
// One thread does one step after the other. Prints a line of counts for each step.
#include <cstdio>
#include <cstring>
#include <map>
#include <string>

static std::map<std::string, int> counts;
static void rk_note(const char* primitive) { counts[primitive]++; }
#define RK_SIM_NOTE(primitive) rk_note(primitive)

#define RK_WITH_PROGRAM
typedef unsigned int rk_u32;
typedef unsigned long long rk_u64;
#include "rk_worker.h"
#include "rk_dispatch.h"
#include "world.h"

namespace {

constexpr rk_u32 kAsk = 1, kPass = 2, kBase = 64;
rk_sim::Memory memory;
RkDispatcher dispatcher;
rk_u32 lane_tail = 0;

// Messages sent `ahead` of what is done with them wait in the lane together.
void send(rk_u32 instance, rk_u32 type) {
  const RkWorld& w = *memory.world;
  RkHeader* slot = (RkHeader*)(w.lane + (size_t)(lane_tail & w.lane_mask) * w.node_bytes);
  memset(slot, 0, sizeof *slot);
  slot->type = type;
  slot->bytes = 4;
  slot->packed = type == kAsk ? RK_REPLY_WANTED << 16 : 0u;
  slot->destination = kBase + instance;
  w.control[RKW_LANE_TAIL] = ++lane_tail;
}

// A turn of the dispatcher.
void turn() {
  rk_poll(&dispatcher);
  const bool taken = rk_take(memory.world, &dispatcher);
  rk_look_after(memory.world, &dispatcher, false, false);
  rk_tell_heads(memory.world, &dispatcher, !taken);
}

// A worker looks for an instance, and runs it.
void work() {
  RkKernel* k = memory.world->kernels;
  static rk_u32 at = 0;
  rk_u32 instance;
  if (rk_look(k, 0, &at, &instance)) rk_run_instance(memory.world, k, instance, 0);
  // What the host has read.
  memory.world->control[RKW_RING_HEAD] = memory.world->ring_head = memory.world->ring_tail;
}

// How often primitives were used whose names have this part; those of the host end in `_sys`.
int count(const std::string& part, bool host = false) {
  int sum = 0;
  for (const auto& [name, times] : counts) {
    const bool is_host = name.find("_sys") != std::string::npos;
    if (is_host == host && name.find(part) != std::string::npos) sum += times;
  }
  return sum;
}

void show(const char* step) {
  const int changes = count("rk_add") + count("exchange") - count("rk_add_release") - count("exchange_release");
  const int releases = count("release");
  printf("%s: %d host reads, %d host releases, %d reads, %d changes, %d releases, %d tallies\n", step,
         count("load", true), count("release", true), count("load"), changes, releases, count("tally"));
  counts.clear();
}

}  // namespace

RK_DEV bool rk_handle(RkTurn* t, rk_u32 type) {
  if (type == kAsk) *(rk_u32*)rk_reply(t, kAsk, 4u) = 1u;
  if (type == kPass) *(rk_u32*)rk_send(t, kBase + (t->index + 1u) % t->instances, kPass, 4u, 1u) = 1u;
  return true;
}

int main() {
  const rk_sim_thread self = {0, 1, 0, 1};
  rk_sim_self = self;
  memory.make_world({8, 64, 128, 16, 0}, 1);
  rk_kernel_of(memory.world, kBase);
  memory.make_kernel(0, kBase, 1, false);
  rk_begin_dispatcher(memory.world, &dispatcher);
  // A first one, after which everything is where it is in the long run.
  send(0, kAsk);
  turn();
  work();
  turn();
  counts.clear();
  turn();
  show("dispatcher, nothing to do");
  send(0, kAsk);
  turn();
  show("dispatcher, a message");
  work();
  show("worker, a message and its reply");
  turn();
  counts.clear();
  work();
  show("worker, nothing to do");
  send(0, kPass);
  turn();
  work();
  counts.clear();
  work();
  show("worker, a message that is passed on");
  return 0;
}
