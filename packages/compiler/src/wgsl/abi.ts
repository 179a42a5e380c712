/**
 * How generated WGSL meets the engine that runs it. The text of a kernel is the engine's, then the program's.
 *
 * The engine declares
 *
 * | name | type | contents |
 * | --- | --- | --- |
 * | rk_params | struct | `instances`, `base_address`, `seed` of the kernel (u32) |
 * | rk_states | array<u32>, read_write | the states; this instance's begins at word `rk_state` |
 * | rk_memory | array<u32>, read_write | messages: the payload being handled begins at word `rk_message`, 16 words after its header |
 * | rk_self, rk_state, rk_message | u32, private | the instance, and the words above |
 * | rk_draws | u32, private | random numbers drawn by the instance so far |
 * | rk_open(kind, type, to, priority, bytes) | u32 | begins an output (`outputKind`); the word of `rk_memory` at which its payload goes, all zero; or `noRoom`, and the handler goes on without it |
 * | rk_fault(site, value) | | the handler faulted; only its first fault counts |
 *
 * In the workgroup form `rk_states` is array<atomic<u32>>, since lanes write parts of it side by side.
 *
 * The program declares `rk_state_words`, the words of one state, and `rk_handle(type) -> bool`, which runs the handler of the
 * message at `rk_message`: false when there is none for the type. In the workgroup form it declares `rk_lane` too, which
 * the engine sets to the invocation's place in its workgroup; all 64 invocations call `rk_handle` with the same `type` and
 * `rk_message`, and only that of lane 0 calls `rk_open` and `rk_fault`.
 */
export const outputKind = { send: 1, reply: 2, emit: 3 } as const;

/** What `rk_open` gives when there is no room. */
export const noRoom = 0xffff_ffff;

/** Words from one instance's state to the next one's, for a state of so many bytes. */
export function stateWords({ size }: { readonly size: number }): number {
  return Math.max(2, Math.ceil(size / 8) * 2);
}

/** Who runs an instance: one invocation, or a workgroup of 64 in which those beside the first help with sections. */
export type WgslForm = 'thread' | 'workgroup';

type Memory = 'states' | 'memory';

const atomic = (form: WgslForm, array: Memory): boolean =>
  form === 'workgroup' && array === 'states';

/** A word of memory, as an expression. */
export function readWord(form: WgslForm, array: Memory, at: string): string {
  return atomic(form, array) ? `atomicLoad(&rk_states[${at}])` : `rk_${array}[${at}]`;
}

/** The statement that writes a word of memory. */
export function writeWord(form: WgslForm, array: Memory, at: string, value: string): string {
  return atomic(form, array)
    ? `atomicStore(&rk_states[${at}], ${value});`
    : `rk_${array}[${at}] = ${value};`;
}
