/**
 * How generated WGSL meets the engine that runs it. The entry point `rk_round` has workgroups of 64; invocation i
 * handles, one after the other, the messages delivered to instance i. Everything is in group 0:
 *
 * | binding | variable | type | contents |
 * | --- | --- | --- | --- |
 * | 0 | rk_params | uniform | `instances`, `base_address`, `seed`, `record_words` (room for records of one instance) |
 * | 1 | rk_control | storage, read_write | `controlWords` words for each instance |
 * | 2 | rk_deliveries | storage, read | word offsets of messages; each instance has a run of them |
 * | 3 | rk_messages | storage, read | messages: a header of 16 words, then the payload padded to whole words |
 * | 4 | rk_states | storage, read_write | instance i at word `i * stateWords(module)` |
 * | 5 | rk_records | storage, read_write | what instance i did, from word `i * record_words` on |
 */
export const wgslEntryPoint = 'rk_round';

export const wgslWorkgroupSize = 64;

/** Words of control for each instance, and what is where. The engine sets the first three and zeroes the rest. */
export const controlWords = 8;
export const control = {
  /** Index into the deliveries of the first message, and how many there are. */
  first: 0,
  count: 1,
  /** How many random numbers were drawn: kept from round to round. */
  draws: 2,
  /** Words of records that were written. */
  used: 3,
  /** Not 0: there was no room for some records, which are lost. */
  overflow: 4,
} as const;

/**
 * A record: kind, delivery (its index in the instance's run), and three words by kind; the payload of an output
 * follows, padded to whole words.
 *
 * | kind | word 2 | word 3 | word 4 |
 * | --- | --- | --- | --- |
 * | send | type id | destination | priority |
 * | reply, emit | type id | 0 | 0 |
 * | fault | site | value | 0 |
 * | handled | 1, or 0 when there is no handler for the type | 0 | 0 |
 *
 * Only the first fault of a handler is recorded. `handled` ends what one delivery did.
 */
export const recordWords = 5;
export const recordKind = { send: 1, reply: 2, emit: 3, fault: 4, handled: 5 } as const;

/** Words from one instance's state to the next one's, for a state of so many bytes. */
export function stateWords({ size }: { readonly size: number }): number {
  return Math.max(2, Math.ceil(size / 8) * 2);
}
