import {
  type Codec,
  codecOf,
  deadLetterReasons,
  type MessageDescriptor,
  type RingKernelError,
  TimeoutError,
} from '@ringkernel/core';
import { HostCallError } from '../errors.ts';
import { kindOf } from '../host/message.ts';
import { ringRecord } from '../layout/device.ts';

/** Set in the upper word of every correlation of a call, as a runtime does; in the lower one, where it never does. */
const callBit = 0x8000_0000;

interface Call {
  readonly address: number;
  readonly name: string;
  readonly replyId: number;
  readonly codec: Codec;
  readonly timer: NodeJS.Timeout;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: RingKernelError) => void;
}

/** The calls of one thread that wait for replies. */
export class Calls {
  /** Upper word of their correlations. */
  readonly correlationHigh: number;
  readonly #view: DataView;
  readonly #calls = new Map<number, Call>();
  #last = 0;

  /** `view`: the slots of the ring. */
  constructor(number: number, generation: number, view: DataView) {
    this.correlationHigh = callBit | (number << 24) | (generation & 0xff_ffff) | 0;
    this.#view = view;
  }

  /** How many there are. */
  get size(): number {
    return this.#calls.size;
  }

  /** Lower word of the correlation of the next one. */
  next(): number {
    this.#last = (this.#last + 1) & 0x7fff_ffff;
    return callBit | this.#last;
  }

  expect(
    correlationLow: number,
    address: number,
    { name }: MessageDescriptor,
    reply: NonNullable<MessageDescriptor['reply']>,
    timeoutMs: number,
  ): Promise<unknown> {
    const codec: Codec = codecOf(reply.layout);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#calls.delete(correlationLow);
        reject(new TimeoutError(`reply of address ${address} to '${name}'`, timeoutMs));
      }, timeoutMs);
      const call = { address, name, replyId: reply.id, codec, timer, resolve, reject };
      this.#calls.set(correlationLow, call);
    });
  }

  /** A record of the ring: ends the call that it is about, when that still waits. */
  take(words: Int32Array, word: number): void {
    const low = words[word + 6] as number;
    const call = this.#calls.get(low);
    if (call === undefined || words[word + 7] !== this.correlationHigh) return;
    this.#calls.delete(low);
    clearTimeout(call.timer);
    const refuse = (reason: HostCallError['reason']): void =>
      call.reject(new HostCallError(call.address, call.name, reason));
    const kind = kindOf(words, word);
    if (kind === ringRecord.fault) return refuse('fault');
    if (kind === ringRecord.deadLetter) {
      return refuse(deadLetterReasons[words[word + 15] as number] ?? 'invalid');
    }
    const fits = (words[word + 1] as number) >>> 0 === call.replyId;
    if (!fits || words[word + 2] !== call.codec.size) return refuse('invalid');
    call.resolve(call.codec.decode(this.#view, word * 4 + 64));
  }

  /** No reply will come any more. */
  failAll(error: RingKernelError): void {
    for (const { timer, reject } of this.#calls.values()) {
      clearTimeout(timer);
      reject(error);
    }
    this.#calls.clear();
  }
}
