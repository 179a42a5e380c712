import type { Duplex } from 'node:stream';
import { MessageTooLargeError, RingKernelError, TimeoutError } from '@ringkernel/core';
import { type CipherState, tagBytes } from './cipher-state.ts';
import {
  LinkClosedError,
  LinkCorruptedError,
  LinkHandshakeError,
  LinkTruncatedError,
} from './errors.ts';
import { Frames, longestFrame } from './frames.ts';
import { Initiator, Responder, type TransportKeys } from './handshake.ts';
import { Inbox } from './inbox.ts';
import {
  type AcceptOptions,
  type CheckedOptions,
  type ConnectOptions,
  checkAccept,
  checkConnect,
} from './options.ts';

/** The first byte of what a frame encrypts. */
const kind = {
  /** A message, or the end of one. */
  last: 0,
  /** A part of a message; more follows. */
  more: 1,
  /** New keys: the initiator's first message, the responder's answer, and from when on the initiator uses them. */
  hello: 2,
  answer: 3,
  switched: 4,
  /** The responder wishes for new keys. */
  wanted: 5,
  goodbye: 6,
} as const;

const nothing = new Uint8Array(0);
const partBytes = longestFrame - tagBytes - 1;

/** What a link did so far. */
export interface LinkStatistics {
  readonly sentMessages: number;
  readonly receivedMessages: number;
  readonly sentBytes: number;
  readonly receivedBytes: number;
  /** How often new keys were agreed on since the link was opened. */
  readonly rotations: number;
}

/**
 * An encrypted, authenticated, ordered link to another process over any stream of bytes (a socket, a pipe). Both ends
 * prove who they are (`LinkIdentity`), nobody in between can read, change, repeat, move or leave out a message unseen,
 * and new keys are agreed on while it is in use. Handshake: Noise_IK_25519 with SHA-256 (Noise Protocol Framework,
 * revision 34); messages: ChaCha20-Poly1305 or AES-256-GCM with counted nonces.
 */
export class SecureLink implements AsyncIterable<Uint8Array>, AsyncDisposable {
  /** Public key of the other end. */
  readonly peer: Uint8Array;

  readonly #frames: Frames;
  readonly #options: CheckedOptions;
  readonly #initiator: boolean;
  readonly #inbox: Inbox;
  readonly #pump: Promise<void>;
  /** What both ends heard when the keys in use were agreed on: new keys are bound to it. */
  #binding: Uint8Array;
  #sending: CipherState;
  #receiving: CipherState;
  #parts: Uint8Array[] = [];
  #partsBytes = 0;
  #frameCount = 0;
  #soundFrames = 0;
  #rotation: { readonly done: Promise<void>; readonly end: () => void } | null = null;
  #pendingHello: Initiator | null = null;
  #nextReceiving: { readonly key: CipherState; readonly binding: Uint8Array } | null = null;
  #closing = false;
  #error: unknown;
  readonly #counts = {
    sentMessages: 0,
    receivedMessages: 0,
    sentBytes: 0,
    receivedBytes: 0,
    rotations: 0,
  };

  private constructor(
    frames: Frames,
    options: CheckedOptions,
    peer: Uint8Array,
    keys: TransportKeys & { readonly hash: Uint8Array },
    initiator: boolean,
  ) {
    this.peer = peer;
    this.#frames = frames;
    this.#options = options;
    this.#initiator = initiator;
    this.#inbox = new Inbox(options.inboxCapacity);
    this.#sending = keys.sending;
    this.#receiving = keys.receiving;
    this.#binding = keys.hash;
    this.#pump = this.#read();
  }

  /**
   * Opens a link to the owner of `options.peer` at the other end of the stream. Rejects with `LinkHandshakeError`,
   * `TimeoutError`, `InvalidOptionError`; the stream is destroyed then.
   */
  static async connect(stream: Duplex, options: ConnectOptions): Promise<SecureLink> {
    const checked = checkConnect(options);
    const frames = new Frames(stream);
    return within(frames, checked.timeoutMs, async () => {
      const handshake = new Initiator(checked, options.peer);
      await frames.write(handshake.hello());
      const answer = await frames.read();
      if (answer === null) {
        const hint = 'compare the keys at both ends: `peer` here, `identity` and `allow` there';
        throw new LinkHandshakeError('the other end hung up', hint);
      }
      const keys = understood('the answer', () => handshake.finish(answer));
      return new SecureLink(frames, checked, options.peer, { ...keys, hash: handshake.hash }, true);
    });
  }

  /**
   * Waits for somebody to open a link at the other end of the stream. Rejects with `LinkHandshakeError`,
   * `TimeoutError`, `InvalidOptionError`; the stream is destroyed then.
   */
  static async accept(stream: Duplex, options: AcceptOptions): Promise<SecureLink> {
    const checked = checkAccept(options);
    const frames = new Frames(stream);
    return within(frames, checked.timeoutMs, async () => {
      const hello = await frames.read();
      if (hello === null) {
        throw new LinkHandshakeError('the other end hung up', 'it may have given up; try again');
      }
      const handshake = new Responder(checked);
      const { peer, answer } = understood('the first message', () => handshake.read(hello));
      if (!checked.allowed(peer)) {
        const key = Buffer.from(peer).toString('hex');
        throw new LinkHandshakeError(`${key} may not connect`, 'add this public key to `allow`');
      }
      const { message, ...keys } = answer();
      await frames.write(message);
      return new SecureLink(frames, checked, peer, { ...keys, hash: handshake.hash }, false);
    });
  }

  get statistics(): LinkStatistics {
    return { ...this.#counts };
  }

  /**
   * Sends a message; the order of calls is the order of arrival. Resolves when the stream takes more. Rejects with
   * `LinkClosedError`, `MessageTooLargeError`.
   */
  async send(message: Uint8Array): Promise<void> {
    this.#checkOpen('send');
    const { byteLength } = message;
    if (byteLength > this.#options.maxMessageBytes) {
      throw new MessageTooLargeError('message', byteLength, this.#options.maxMessageBytes);
    }
    let written = Promise.resolve();
    let from = 0;
    do {
      const end = Math.min(from + partBytes, byteLength);
      written = this.#write(end < byteLength ? kind.more : kind.last, message.subarray(from, end));
      from = end;
    } while (from < byteLength);
    this.#counts.sentMessages++;
    this.#counts.sentBytes += byteLength;
    await written;
  }

  /**
   * The next message, or undefined when the other end has closed the link. Rejects with `LinkCorruptedError` or
   * `LinkTruncatedError` after the last sound message.
   */
  receive(): Promise<Uint8Array | undefined> {
    return this.#inbox.take();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    for (;;) {
      const message = await this.receive();
      if (message === undefined) return;
      yield message;
    }
  }

  /** Agrees on new keys now; resolves when this end uses them. Rejects with `LinkClosedError`. */
  async rotate(): Promise<void> {
    this.#checkOpen('rotate');
    await this.#rotate();
    this.#checkOpen('rotate');
  }

  /**
   * Says goodbye, waits for the other end's (at most `timeoutMs`), and ends the connection. What came before can still
   * be received; what comes later is dropped. Idempotent.
   */
  async close(): Promise<void> {
    this.#leave();
    this.#inbox.close();
    const timer = setTimeout(() => this.#frames.destroy(), this.#options.timeoutMs);
    await this.#pump;
    clearTimeout(timer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #checkOpen(operation: string): void {
    if (this.#closing) throw new LinkClosedError(operation, this.#error);
  }

  #leave(): void {
    if (this.#closing) return;
    this.#write(kind.goodbye, nothing);
    this.#closing = true;
    this.#frames.end();
  }

  #write(what: number, bytes: Uint8Array): Promise<void> {
    const plain = new Uint8Array(1 + bytes.byteLength);
    plain[0] = what;
    plain.set(bytes, 1);
    const written = this.#frames.write(this.#sending.encrypt(nothing, plain));
    this.#counted();
    return written;
  }

  /** The initiator alone begins a rotation, so that two never cross. */
  #counted(): void {
    this.#frameCount++;
    if (!this.#initiator || this.#closing || this.#rotation !== null) return;
    if (this.#frameCount >= this.#options.rotateAfterFrames) this.#rotate();
  }

  #rotate(): Promise<void> {
    if (this.#rotation !== null) return this.#rotation.done;
    let end = (): void => {};
    const done = new Promise<void>((resolve) => {
      end = resolve;
    });
    this.#rotation = { done, end };
    if (!this.#initiator) this.#write(kind.wanted, nothing);
    else {
      this.#pendingHello = new Initiator({ ...this.#options, prologue: this.#binding }, this.peer);
      this.#write(kind.hello, this.#pendingHello.hello());
    }
    return done;
  }

  #rotated(binding: Uint8Array): void {
    this.#binding = binding;
    this.#counts.rotations++;
    this.#frameCount = 0;
    this.#rotation?.end();
    this.#rotation = null;
  }

  /** Reads until the link ends, whatever ends it. Never rejects. */
  async #read(): Promise<void> {
    let error: unknown;
    try {
      while (await this.#readFrame());
    } catch (reason) {
      error = reason instanceof RingKernelError ? reason : new LinkTruncatedError(reason);
    }
    if (error === undefined) this.#leave();
    else {
      this.#error = error;
      this.#closing = true;
      this.#frames.destroy();
    }
    this.#rotation?.end();
    this.#inbox.close(error);
  }

  /** False after a goodbye. */
  async #readFrame(): Promise<boolean> {
    const frame = await this.#frames.read();
    if (frame === null) throw new Error('the stream ended');
    const plain = this.#open(frame);
    this.#soundFrames++;
    const bytes = plain.subarray(1);
    switch (plain[0]) {
      case kind.goodbye:
        return false;
      case kind.last:
      case kind.more:
        await this.#take(bytes, plain[0] === kind.last);
        break;
      default:
        this.#turnKeys(plain[0] as number, bytes);
    }
    this.#counted();
    return true;
  }

  #open(frame: Uint8Array): Buffer {
    try {
      return this.#receiving.decrypt(nothing, frame);
    } catch (cause) {
      throw new LinkCorruptedError(this.#soundFrames, cause);
    }
  }

  async #take(bytes: Uint8Array, last: boolean): Promise<void> {
    this.#partsBytes += bytes.byteLength;
    if (this.#partsBytes > this.#options.maxMessageBytes) {
      throw new MessageTooLargeError('message', this.#partsBytes, this.#options.maxMessageBytes);
    }
    this.#parts.push(bytes);
    if (!last) return;
    const message = new Uint8Array(this.#partsBytes);
    let at = 0;
    for (const part of this.#parts) {
      message.set(part, at);
      at += part.byteLength;
    }
    this.#parts = [];
    this.#partsBytes = 0;
    this.#counts.receivedMessages++;
    this.#counts.receivedBytes += message.byteLength;
    await this.#inbox.put(message);
  }

  /** A step of a rotation. After its goodbye an end takes no part in it. */
  #turnKeys(what: number, bytes: Uint8Array): void {
    if (this.#closing) return;
    if (what === kind.wanted && this.#initiator) this.#rotate();
    else if (what === kind.hello && !this.#initiator) this.#answerHello(bytes);
    else if (what === kind.answer && this.#pendingHello !== null) {
      const { sending, receiving } = this.#pendingHello.finish(bytes);
      this.#receiving = receiving;
      this.#write(kind.switched, nothing);
      this.#sending = sending;
      this.#rotated(this.#pendingHello.hash);
      this.#pendingHello = null;
    } else if (what === kind.switched && this.#nextReceiving !== null) {
      this.#receiving = this.#nextReceiving.key;
      this.#rotated(this.#nextReceiving.binding);
      this.#nextReceiving = null;
    } else throw new Error(`a frame of kind ${what} is out of place`);
  }

  #answerHello(bytes: Uint8Array): void {
    const handshake = new Responder({ ...this.#options, prologue: this.#binding });
    const { peer, answer } = handshake.read(bytes);
    if (Buffer.compare(peer, this.peer) !== 0) throw new Error('the other end became another');
    const { message, sending, receiving } = answer();
    this.#write(kind.answer, message);
    this.#sending = sending;
    this.#nextReceiving = { key: receiving, binding: handshake.hash };
  }
}

/** Runs a handshake; when it fails or takes too long, the stream is destroyed. */
async function within(
  frames: Frames,
  timeoutMs: number,
  handshake: () => Promise<SecureLink>,
): Promise<SecureLink> {
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    frames.destroy();
  }, timeoutMs);
  try {
    return await handshake();
  } catch (error) {
    frames.destroy();
    if (late) throw new TimeoutError('the handshake of a secure link', timeoutMs);
    if (error instanceof LinkHandshakeError) throw error;
    throw new LinkHandshakeError('the connection broke', 'see the cause', error);
  } finally {
    clearTimeout(timer);
  }
}

/** A message of the handshake that can't be read was not meant for this end, or somebody changed it. */
function understood<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    const hint = 'compare the keys, `cipher` and `purpose` at both ends; or somebody changed it';
    throw new LinkHandshakeError(`${what} does not authenticate`, hint, cause);
  }
}
