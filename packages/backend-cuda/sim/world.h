// Memory of a device as the host lays it out, for programs that are the host in C++.
#pragma once

#include <cstdlib>
#include <cstring>
#include <vector>

namespace rk_sim {

struct Shape {
  rk_u32 instances, nodes, node_bytes, lane_slots, host_lanes;
};

struct Memory {
  Shape shape;
  RkWorld* world;
  std::vector<void*> blocks;

  template <class T>
  T* allocate(size_t count) {
    void* memory = aligned_alloc(256, (count * sizeof(T) + 255) / 256 * 256);
    memset(memory, 0, count * sizeof(T));
    blocks.push_back(memory);
    return static_cast<T*>(memory);
  }

  void fill(RkQueue& queue, rk_u32 size, rk_u32 count) {
    queue.cells = allocate<rk_u64>(size);
    queue.mask = size - 1;
    queue.tail = count;
    for (rk_u32 i = 0; i < size; i++) {
      queue.cells[i] = i < count ? ((rk_u64)(i + 1) << 32 | i) : (rk_u64)i << 32;
    }
  }

  // Lanes have `lane_slots` messages, queues a power of two of cells.
  void make_world(const Shape& wanted, rk_u32 kernels) {
    shape = wanted;
    world = allocate<RkWorld>(1);
    world->nodes = allocate<rk_u8>(shape.nodes * shape.node_bytes);
    world->kernels = allocate<RkKernel>(kernels);
    world->ranges = allocate<RkRange>(kernels);
    world->control = allocate<rk_u32>(RKW_SIZE_WORDS);
    world->lane = allocate<rk_u8>(shape.lane_slots * shape.node_bytes);
    world->ring = allocate<rk_u8>(shape.lane_slots * shape.node_bytes);
    world->host_lanes = allocate<RkHostLane>(shape.host_lanes);
    world->host_lane_count = shape.host_lanes;
    for (rk_u32 i = 0; i < shape.host_lanes; i++) {
      world->host_lanes[i].slots = allocate<rk_u8>(shape.lane_slots * shape.node_bytes);
      world->host_lanes[i].ring = allocate<rk_u8>(shape.lane_slots * shape.node_bytes);
      world->host_lanes[i].control = allocate<rk_u32>(RKH_SIZE_WORDS);
    }
    world->node_bytes = shape.node_bytes;
    world->node_count = shape.nodes;
    world->range_count = kernels;
    world->lane_mask = world->ring_mask = shape.lane_slots - 1;
    world->transit_first = world->transit_last = RK_NONE;
    fill(world->free, shape.nodes, shape.nodes);
  }

  RkKernel& make_kernel(rk_u32 slot, rk_u32 base, rk_u32 workers, bool dedicated) {
    RkKernel& k = world->kernels[slot];
    k.states = allocate<rk_u8>(shape.instances * 16);
    k.mail = allocate<RkMail>(shape.instances);
    k.instance_words = allocate<rk_u64>(shape.instances);
    k.counters = allocate<rk_u64>(RKM_NUMBERS);
    k.latency = k.counters + RKM_COUNTERS;
    k.mirror = allocate<rk_u32>(RKM_NUMBERS * 2);
    k.base = base;
    k.instances = shape.instances;
    k.capacity = 4;
    k.state_bytes = 16;
    k.state_stride = 16;
    k.first_worker = 1 + slot * shape.instances;
    k.workers = workers;
    k.dedicated = dedicated;
    k.keeps_spares = shape.nodes > 8;
    k.clocks = allocate<RkWorker>(k.workers);
    k.beats = allocate<rk_u64>(k.workers);
    k.scratch = allocate<rk_u8>(k.workers * shape.node_bytes);
    fill(k.ready, 32, 0);
    for (rk_u32 i = 0; i < shape.instances; i++) {
      RkMail& mail = k.mail[i];
      mail.arrivals = RK_IDLE;
      mail.parked_first = mail.parked_last = RK_NONE;
      for (int p = 0; p < 4; p++) mail.first[p] = mail.last[p] = RK_NONE;
    }
    world->ranges[slot] = {base, base + shape.instances, slot};
    return k;
  }

  ~Memory() {
    for (void* block : blocks) free(block);
  }
};

}  // namespace rk_sim
