import type { BindingType } from '../gpu/api.ts';
import { counter, entryWords, instance } from './layout.ts';

/** Words of the two uniforms. Behind the second, which is the head of what the host sends up, come its messages. */
export const paramsWords = 12;
export const deviceWords = 16;

/** What every pipeline sees of the device, and the type of each binding. */
export const deviceBindings: readonly BindingType[] = [
  'uniform',
  'uniform',
  'storage',
  'storage',
  'read-only-storage',
  'storage',
  'storage',
  'read-only-storage',
];

/**
 * Binding 6 is `rk_states` for kernels. What the host sends up for a submit is one buffer: `rk_device`, which is its
 * beginning, the messages, and where each of them begins.
 *
 * | name | contents |
 * | --- | --- |
 * | rk_params | the kernel |
 * | rk_device | the submit: where memory ends, clocks, bounds, messages of the host |
 * | rk_control | words of every instance |
 * | rk_memory | messages, in two halves of which one is in use, and records for the host |
 * | rk_directory | which kernel has an address |
 * | rk_status | figures of the device, counters of the kernels |
 * | rk_batch | all that the host sent up |
 */
export const bindings: string = `struct RkParams {
  instances: u32, base_address: u32, seed: u32, control: u32,
  counters: u32, capacity: u32, policy: u32, mode: u32,
  holds: u32, rollback: u32, tenant: u32, buried: u32,
}
struct RkDevice {
  heap_end: u32, egress_end: u32, physical_low: u32, physical_high: u32,
  tick_us: u32, now_ms: u32, budget: u32, lockstep: u32,
  node: u32, kernels: u32, egress_start: u32, batch: u32, batch_words: u32, alone: u32, spare_0: u32, spare_1: u32,
}
@group(0) @binding(0) var<uniform> rk_params: RkParams;
@group(0) @binding(1) var<uniform> rk_device: RkDevice;
@group(0) @binding(2) var<storage, read_write> rk_control: array<atomic<u32>>;
@group(0) @binding(3) var<storage, read_write> rk_memory: array<u32>;
@group(0) @binding(4) var<storage, read> rk_directory: array<u32>;
@group(0) @binding(5) var<storage, read_write> rk_status: array<atomic<u32>>;
@group(0) @binding(7) var<storage, read> rk_batch: array<u32>;

/** Word of the directory that names the kernel of an address; 0xffffffff when there is none. */
fn rk_page(address: u32) -> u32 {
  var low = 0u;
  var high = rk_directory[0];
  while (low < high) {
    let middle = (low + high) >> 1u;
    if (rk_directory[(middle + 1u) * ${entryWords}u] <= address) { low = middle + 1u; } else { high = middle; }
  }
  let page = low * ${entryWords}u;
  if (low == 0u || address - rk_directory[page] >= rk_directory[page + 1u]) { return 0xffffffffu; }
  return page;
}

/** Whether this kernel may send there: somebody has the address, and of the same tenant. */
fn rk_reaches(address: u32) -> bool {
  let page = rk_page(address);
  return page != 0xffffffffu && rk_directory[page + 4u] == rk_params.tenant;
}

fn rk_get(at: u32) -> u32 { return atomicLoad(&rk_control[at]); }
fn rk_set(at: u32, value: u32) { atomicStore(&rk_control[at], value); }

/** Where the list begins of a kernel's instances that run in rounds of this parity. */
fn rk_due_list(control: u32, instances: u32, parity: u32) -> u32 {
  return control + instances * ${instance.words}u + parity * instances;
}

/** Puts an instance on the list of those that run in the round of this parity, once. */
fn rk_make_due(index: u32, control: u32, instances: u32, counters: u32, parity: u32) {
  let own = control + index * ${instance.words}u;
  if (atomicExchange(&rk_control[own + ${instance.due}u + parity], 1u) != 0u) { return; }
  let place = atomicAdd(&rk_status[counters + ${counter.due}u + parity], 1u);
  rk_set(rk_due_list(control, instances, parity) + place, index);
}
`;
