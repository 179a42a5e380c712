/**
 * How generated CUDA C++ meets the device runtime around it. The text needs no header. Whoever compiles it puts the
 * declarations of `cudaDeclarations` before it, or their equal: a struct of its own that has at least the fields of
 * `RkTurn`, and definitions of the four hooks.
 *
 * A module's text is one namespace with one function for the runtime:
 *
 * ```
 * bool NAMESPACE::rk_handle(RkTurn* rk, rk_u32 type)   // false: the module has no handler for the message type
 * ```
 *
 * | of RkTurn | contents |
 * | --- | --- |
 * | `state` | the instance's state, aligned to 16 bytes, in the layout of `module.state` |
 * | `message` | the payload of the message, aligned to 16 bytes |
 * | `self`, `sender` | addresses |
 * | `index`, `instances`, `base` | of the instance in its kernel, how many there are, the address of the first |
 * | `seed`, `draws` | of random numbers, and how many the instance has drawn: kept from turn to turn |
 * | `now` | stamp of the message: (microseconds << 12) + logical |
 *
 * The hooks `rk_send`, `rk_reply` and `rk_emit` return room for the payload: zeros, aligned to 16 bytes, valid until
 * the next hook or the end of the turn. They return null for what cannot be taken, which is then theirs to handle.
 * A module emitted with `interruptible` also calls `bool rk_overtime(RkTurn*)`, in each round of a loop and after calls
 * of functions: when it says true, the handler leaves, and asks again in each function that it leaves.
 * The first `rk_fault` of a turn is the one that counts; the handler goes on unless it says to leave.
 *
 * In the group form the first lane calls `rk_handle`. All others are in `NAMESPACE::rk_serve(group)` meanwhile, in which
 * they wait to be needed, and leave when the first lane calls `NAMESPACE::rk_dismiss(group)`. `group` points to a
 * `NAMESPACE::RkShared` in memory that all lanes see, which nobody else writes; `rk->group` has the same pointer, and
 * `rk->lane` is null. In a section each lane has a copy of the RkTurn, for which it may call `rk_overtime`. A warp or a block has the lanes `RK_LANE` from 0 to `RK_LANES` - 1; `RK_LANES` is a power of two,
 * and 32 when nobody defines it.
 */
export const cudaDeclarations = `typedef unsigned int rk_u32;
typedef unsigned long long rk_u64;
#ifndef RK_DEV
#if defined(__CUDACC__) || defined(__CUDA__)
#define RK_DEV static __device__ inline
#else
#define RK_DEV static inline
#endif
#endif
struct RkTurn {
  unsigned char* state;
  const unsigned char* message;
  rk_u32 self, sender, index, instances, base, seed;
  rk_u64 now;
  rk_u32* draws;
  void* host;
  void* group;
  void* lane;
};
RK_DEV unsigned char* rk_send(RkTurn* rk, rk_u32 to, rk_u32 type, rk_u32 size, rk_u32 priority);
RK_DEV unsigned char* rk_reply(RkTurn* rk, rk_u32 type, rk_u32 size);
RK_DEV unsigned char* rk_emit(RkTurn* rk, rk_u32 type, rk_u32 size);
RK_DEV void rk_fault(RkTurn* rk, rk_u32 site, rk_u32 value);
`;

/** The function of a module's namespace that handles a message. */
export const cudaEntryPoint = 'rk_handle';
