import type { RingKernelError } from '@ringkernel/core';
import { controlWords, laneRequest } from '../layout/device.ts';
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
  readonly #control: Int32Array;
  #activation: Promise<unknown> = Promise.resolve();
  #token = 0;

  constructor(lane: Lane, control: Int32Array) {
    this.#lane = lane;
    this.#control = control;
  }

  /**
   * Lets a kernel handle messages, when the device has taken what was sent before. Asked outside of the lane, in which it
   * might wait for ever: for slots that only this kernel's messages hold. One at a time.
   */
  activate(kernel: number): Promise<unknown> {
    const next = (): Promise<Uint8Array> => {
      const token = ++this.#token;
      this.#control[controlWords.activateKernel] = kernel;
      this.#control[controlWords.activateAt] = this.#lane.tail;
      const answer = this.#expect(token, 0);
      Atomics.store(this.#control, controlWords.activateToken, token);
      return answer;
    };
    this.#activation = this.#activation.then(next);
    return this.#activation;
  }

  /** Carried out after all that was sent before. Resolves with the answer's bytes, so many. */
  ask(what: keyof typeof laneRequest, destination: number, answerBytes = 0): Promise<Uint8Array> {
    const token = ++this.#token;
    this.#post(what, destination, token);
    this.#lane.flush();
    return this.#expect(token, answerBytes);
  }

  /** Begins an instance with this state, which goes to the device in as many records as it takes. */
  spawn(destination: number, state: Uint8Array): Promise<Uint8Array> {
    const { payloadBytes } = this.#lane;
    const token = ++this.#token;
    for (let at = 0; at === 0 || at < state.length; at += payloadBytes) {
      const last = at + payloadBytes >= state.length;
      const part = state.subarray(at, at + payloadBytes);
      this.#post('spawn', destination, last ? token : 0, part, at);
    }
    this.#lane.flush();
    return this.#expect(token, 0);
  }

  #post(
    what: keyof typeof laneRequest,
    destination: number,
    token: number,
    payload: Uint8Array = new Uint8Array(0),
    offset = 0,
  ): void {
    const record = new Int32Array(headerWords + Math.ceil(payload.length / 4));
    record[2] = payload.length;
    record[3] = laneRequest[what] << 24;
    record[13] = destination;
    record[14] = offset;
    record[15] = token;
    new Uint8Array(record.buffer).set(payload, headerBytes);
    this.#lane.keep(record);
  }

  #expect(token: number, answerBytes: number): Promise<Uint8Array> {
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
