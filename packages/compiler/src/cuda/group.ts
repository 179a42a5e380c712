import type { ValueType } from '../ir/types.ts';
import type { LibraryPart } from './arithmetic.ts';
import type { ModuleText } from './function-text.ts';
import { typeText } from './literal.ts';

/**
 * How lanes are counted and wait for each other. On a GPU that is said here; who compiles for a CPU defines `RK_LANE`
 * and `rk_sync_lanes` before.
 */
export const groupMacros = `#ifndef RK_LANES
#define RK_LANES 32u
#endif
#ifndef RK_LANE
#define RK_LANE (threadIdx.x % RK_LANES)
// The lanes come here from different places of the program, which compute capability 7.0 and up allows: for a warp,
// and in this form, that is not the aligned one of __syncthreads, for a block.
static __device__ inline void rk_sync_lanes() {
#if RK_LANES <= 32u
  asm volatile("bar.warp.sync 0xffffffff;" ::: "memory");
#else
  asm volatile("barrier.sync 0;" ::: "memory");
#endif
}
#endif
`;

/** What all lanes of a group see; and what each has for itself in a section. */
export function groupStructs({ sections, slots }: ModuleText): string {
  const types: ValueType[] = [...slots].sort();
  const arrays = types.map((type) => `${typeText(type)} ${type}[64];`).join(' ');
  const values = sections.map((_, i) => `Section${i + 1} s${i + 1};`).join(' ');
  return `${sections.map(({ struct }) => `${struct}\n`).join('')}
struct RkShared {
  RkTurn turn;
  rk_u64 first;
  rk_u32 section, site, value, late;${
    types.length > 0 ? `\n  union { ${arrays} } slots[2];` : ''
  }${sections.length > 0 ? `\n  union { ${values} };` : ''}
};

struct RkLane {
  RkTurn turn;
  rk_u64 first, round;
  rk_u32 site, value, late;
};
`;
}

/** The function in which all lanes but the first spend their time. */
export function serveText({ sections }: ModuleText): string {
  const cases = sections.map(({ name }, i) => `      case ${i + 1}u: ${name}(group); break;`);
  return `RK_DEV void rk_serve(RkShared* group) {
  for (;;) {
    rk_sync_lanes();
    switch (group->section) {
${[...cases, '      default: return;'].join('\n')}
    }
  }
}

RK_DEV void rk_dismiss(RkShared* group) {
  group->section = 0u;
  rk_sync_lanes();
}
`;
}

const merge = (name: string): string =>
  `RK_DEV void rk_merge_${name}(unsigned char* at, rk_u32 operand) {
  RK_DEVICE_OR_HOST(atomic${name[0]?.toUpperCase()}${name.slice(1)}((rk_u32*)at, operand), __atomic_fetch_${name}((rk_u32*)at, operand, __ATOMIC_RELAXED));
}`;

/** What sections need. Of all faults the one counts that comes first when rounds are run in order. */
export const groupLibrary: LibraryPart = {
  rk_note: `RK_DEV void rk_note(RkTurn* rk, rk_u32 site, rk_u32 value) {
  RkLane* const lane = (RkLane*)rk->lane;
  if (lane == 0) return rk_fault(rk, site, value);
  if (lane->first <= lane->round) return;
  lane->first = lane->round;
  lane->site = site;
  lane->value = value;
}`,
  rk_open: `RK_DEV void rk_open(const RkTurn* rk, rk_u32 section) {
  RkShared* const group = (RkShared*)rk->group;
  group->turn = *rk;
  group->first = ~0ull;
  group->late = 0u;
  group->section = section;
  rk_sync_lanes();
}`,
  rk_enter: `RK_DEV RkTurn* rk_enter(RkLane* lane, const RkShared* group) {
  lane->turn = group->turn;
  lane->turn.lane = lane;
  lane->first = ~0ull;
  lane->late = 0u;
  return &lane->turn;
}`,
  rk_is_late: `RK_DEV bool rk_is_late(RkTurn* rk) {
  if (!rk_overtime(rk)) return false;
  if (rk->lane != 0) ((RkLane*)rk->lane)->late = 1u;
  return true;
}`,
  rk_tell_late: `RK_DEV void rk_tell_late(const RkLane* lane, RkShared* group) {
  if (lane->late == 0u) return;
  RK_DEVICE_OR_HOST(group->late = 1u, __atomic_store_n(&group->late, 1u, __ATOMIC_RELAXED));
}`,
  // The first lane asks as often as it takes to be told what another has been told.
  rk_close_late: `RK_DEV bool rk_close_late(RkTurn* rk) {
  if (((const RkShared*)rk->group)->late == 0u) return false;
  while (!rk_overtime(rk)) {
  }
  return true;
}`,
  rk_leave: `RK_DEV void rk_leave(const RkLane* lane, RkShared* group) {
#ifdef __CUDACC__
  if (lane->first != ~0ull) atomicMin(&group->first, lane->first);
#else
  rk_u64 first = __atomic_load_n(&group->first, __ATOMIC_RELAXED);
  while (lane->first < first) {
    if (__atomic_compare_exchange_n(&group->first, &first, lane->first, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) break;
  }
#endif
  rk_sync_lanes();
  if (lane->first != ~0ull && lane->first == group->first) {
    group->site = lane->site;
    group->value = lane->value;
  }
  rk_sync_lanes();
}`,
  rk_close: `RK_DEV void rk_close(RkTurn* rk) {
  const RkShared* const group = (const RkShared*)rk->group;
  if (group->first != ~0ull) rk_fault(rk, group->site, group->value);
}`,
  rk_merge_add: merge('add'),
  rk_merge_and: merge('and'),
  rk_merge_or: merge('or'),
  rk_merge_xor: merge('xor'),
};
