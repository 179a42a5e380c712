import { MessageIdsExhaustedError } from '../errors/message.ts';
import { InvalidOptionError } from '../errors/operation.ts';

export interface MessageIdOptions {
  /** Node part, 16 bits: unique among the runtimes that exchange messages. */
  readonly node: number;
  /** Thread part, 8 bits: unique within the runtime. */
  readonly thread: number;
  /** The first counter to give out, 1 by default: what `issued` said before a restart, plus one. */
  readonly first?: number;
}

/**
 * Gives out message ids: node (16 bits) | thread (8) | counter (40), never one twice, and never 0. The id lies in
 * `low` and `high` after `next`, so that it can be stored without allocating.
 */
export class MessageIdGenerator {
  low = 0;
  high = 0;
  readonly node: number;
  readonly thread: number;

  private readonly prefix: number;
  private counterHigh: number;
  private counterLow: number;

  constructor(options: MessageIdOptions) {
    const { node, thread, first = 1 } = options;
    checkRange('node', node, 0, 0xffff);
    checkRange('thread', thread, 0, 0xff);
    checkRange('first', first, 1, 2 ** 40 - 1);
    this.node = node;
    this.thread = thread;
    this.prefix = ((node << 16) | (thread << 8)) >>> 0;
    this.counterHigh = Math.floor(first / 2 ** 32);
    this.counterLow = first >>> 0;
  }

  /** The next id. Throws `MessageIdsExhaustedError` after 2^40 - 1 of them (34 years at 1,000 a second). */
  next(): void {
    if (this.counterHigh > 0xff) throw new MessageIdsExhaustedError(this.node, this.thread);
    this.low = this.counterLow;
    this.high = (this.prefix | this.counterHigh) >>> 0;
    if (this.counterLow === 0xffff_ffff) {
      this.counterLow = 0;
      this.counterHigh++;
    } else {
      this.counterLow++;
    }
  }

  /** The counter of the last id given out. */
  get issued(): number {
    return this.counterHigh * 2 ** 32 + this.counterLow - 1;
  }
}

function checkRange(option: string, value: number, min: number, max: number): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw new InvalidOptionError(option, `an integer from ${min} to ${max}`, value);
}

/** A 64-bit id of two u32 as one number. */
export function idToBigInt(low: number, high: number): bigint {
  return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
}

export function idFromBigInt(id: bigint): { readonly low: number; readonly high: number } {
  return {
    low: Number(BigInt.asUintN(32, id)),
    high: Number(BigInt.asUintN(32, id >> 32n)),
  };
}

/** `msg:` and 16 hexadecimal digits. */
export function formatMessageId(low: number, high: number): string {
  const digits = (word: number) => (word >>> 0).toString(16).padStart(8, '0');
  return `msg:${digits(high)}${digits(low)}`;
}
