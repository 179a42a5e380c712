import type { RingKernelError } from '@ringkernel/core';
import { laneRequest } from '../layout/device.ts';
import type { Lane } from './lane.ts';
import { headerBytes, headerWords } from './message.ts';

interface Pending {
  readonly bytes: Uint8Array;
  missing: number;
  readonly resolve: (bytes: Uint8Array) => void;
  readonly reject: (error: RingKernelError) => void;
}

/** What the host asks of the device, in the lane's order, and the answers. */
export class Mailroom {
  readonly #lane: Lane;
  readonly #pending = new Map<number, Pending>();
  #token = 0;

  constructor(lane: Lane) {
    this.#lane = lane;
  }

  /** Carried out after all that was sent before. Resolves with the answer's bytes, so many. */
  ask(what: keyof typeof laneRequest, destination: number, answerBytes = 0): Promise<Uint8Array> {
    const token = ++this.#token;
    const record = new Int32Array(headerWords);
    record[3] = laneRequest[what] << 24;
    record[13] = destination;
    record[15] = token;
    this.#lane.keep(record);
    this.#lane.flush();
    return new Promise((resolve, reject) => {
      const bytes = new Uint8Array(answerBytes);
      this.#pending.set(token, { bytes, missing: answerBytes, resolve, reject });
    });
  }

  /** A record that answers; answers with the token 0 only wake the host. */
  answer(words: Int32Array, word: number): void {
    const token = words[word + 15] as number;
    const pending = this.#pending.get(token);
    if (pending === undefined) return;
    const length = words[word + 2] as number;
    const from = new Uint8Array(words.buffer, words.byteOffset + word * 4 + headerBytes, length);
    if (length > 0) pending.bytes.set(from, words[word + 14]);
    pending.missing -= length;
    if (pending.missing > 0) return;
    this.#pending.delete(token);
    pending.resolve(pending.bytes);
  }

  /** Nobody will answer any more. */
  close(error: RingKernelError): void {
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }
}
