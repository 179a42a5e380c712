import { createHash, hkdfSync } from 'node:crypto';
import { CipherState, type LinkCipher, noiseCipherName, tagBytes } from './cipher-state.ts';
import { keyBytes, LinkIdentity } from './identity.ts';

const hashBytes = 32;
const nothing = new Uint8Array(0);

/** The two directions of a link, after the handshake. */
export interface TransportKeys {
  readonly sending: CipherState;
  readonly receiving: CipherState;
}

export interface HandshakeOptions {
  readonly cipher: LinkCipher;
  /** Both ends must say the same here, or the handshake fails. */
  readonly prologue: Uint8Array;
  readonly identity: LinkIdentity;
  /** Only a test gives one; otherwise it is new for each handshake. */
  readonly ephemeral?: LinkIdentity;
}

/** Everything said so far, as a hash, and the keys that follow from it: sections 5.2 of the specification. */
class Transcript {
  readonly #cipher: LinkCipher;
  #chaining: Buffer;
  #hash: Buffer;
  #state: CipherState | null = null;

  constructor(cipher: LinkCipher, prologue: Uint8Array) {
    this.#cipher = cipher;
    const name = Buffer.from(`Noise_IK_25519_${noiseCipherName[cipher]}_SHA256`);
    this.#hash =
      name.length <= hashBytes
        ? Buffer.concat([name, Buffer.alloc(hashBytes - name.length)])
        : createHash('sha256').update(name).digest();
    this.#chaining = this.#hash;
    this.mixHash(prologue);
  }

  get hash(): Uint8Array {
    return this.#hash;
  }

  mixHash(bytes: Uint8Array): void {
    this.#hash = createHash('sha256').update(this.#hash).update(bytes).digest();
  }

  mixKey(shared: Uint8Array): void {
    const [chaining, key] = this.#derive(shared);
    this.#chaining = chaining;
    this.#state = new CipherState(this.#cipher, key);
  }

  seal(plain: Uint8Array): Buffer {
    const sealed = this.#keyed().encrypt(this.#hash, plain);
    this.mixHash(sealed);
    return sealed;
  }

  open(sealed: Uint8Array): Buffer {
    const plain = this.#keyed().decrypt(this.#hash, sealed);
    this.mixHash(sealed);
    return plain;
  }

  split(): readonly [CipherState, CipherState] {
    const [first, second] = this.#derive(nothing);
    return [new CipherState(this.#cipher, first), new CipherState(this.#cipher, second)];
  }

  /** Noise's HKDF with two outputs is HKDF (RFC 5869) with the chaining key as salt and no info. */
  #derive(material: Uint8Array): readonly [Buffer, Buffer] {
    const bytes = hkdfSync('sha256', material, this.#chaining, nothing, 2 * hashBytes);
    return [Buffer.from(bytes, 0, hashBytes), Buffer.from(bytes, hashBytes, hashBytes)];
  }

  #keyed(): CipherState {
    if (this.#state === null) throw new Error('no key has been agreed on yet');
    return this.#state;
  }
}

/**
 * Noise_IK of the Noise Protocol Framework, revision 34: one message each way. The initiator knows the responder's
 * public key beforehand and sends its own, encrypted. Afterwards both know whom they talk to, and what was recorded
 * stays secret even when an identity's secret leaks later.
 *
 * ```text
 * -> e, es, s, ss
 * <- e, ee, se
 * ```
 */
export class Initiator {
  readonly #identity: LinkIdentity;
  readonly #ephemeral: LinkIdentity;
  readonly #responder: Uint8Array;
  readonly #transcript: Transcript;

  constructor(options: HandshakeOptions, responder: Uint8Array) {
    this.#identity = options.identity;
    this.#ephemeral = options.ephemeral ?? LinkIdentity.generate();
    this.#responder = responder;
    this.#transcript = new Transcript(options.cipher, options.prologue);
    this.#transcript.mixHash(responder);
  }

  /** The first message. */
  hello(payload: Uint8Array = nothing): Buffer {
    const transcript = this.#transcript;
    const e = this.#ephemeral.publicKey;
    transcript.mixHash(e);
    transcript.mixKey(this.#ephemeral.agree(this.#responder));
    const s = transcript.seal(this.#identity.publicKey);
    transcript.mixKey(this.#identity.agree(this.#responder));
    return Buffer.concat([e, s, transcript.seal(payload)]);
  }

  /** Reads the answer. Throws when it is not from the responder that was meant, or not to this `hello`. */
  finish(message: Uint8Array): TransportKeys & { readonly payload: Buffer } {
    const transcript = this.#transcript;
    const e = part(message, 0, keyBytes);
    transcript.mixHash(e);
    transcript.mixKey(this.#ephemeral.agree(e));
    transcript.mixKey(this.#identity.agree(e));
    const payload = transcript.open(message.subarray(keyBytes));
    const [sending, receiving] = transcript.split();
    return { sending, receiving, payload };
  }

  /** Hash of everything said: the same on both ends, and on no other link. */
  get hash(): Uint8Array {
    return this.#transcript.hash;
  }
}

/** The other side of `Initiator`. */
export class Responder {
  readonly #identity: LinkIdentity;
  readonly #ephemeral: LinkIdentity;
  readonly #transcript: Transcript;

  constructor(options: HandshakeOptions) {
    this.#identity = options.identity;
    this.#ephemeral = options.ephemeral ?? LinkIdentity.generate();
    this.#transcript = new Transcript(options.cipher, options.prologue);
    this.#transcript.mixHash(this.#identity.publicKey);
  }

  /** Reads the first message: who calls, and as whom it may be answered. Throws when it is not for this identity. */
  read(message: Uint8Array): { readonly peer: Uint8Array; answer(payload?: Uint8Array): Answer } {
    const transcript = this.#transcript;
    const e = part(message, 0, keyBytes);
    transcript.mixHash(e);
    transcript.mixKey(this.#identity.agree(e));
    const peer = transcript.open(part(message, keyBytes, keyBytes + tagBytes));
    transcript.mixKey(this.#identity.agree(peer));
    const payload = transcript.open(message.subarray(2 * keyBytes + tagBytes));
    return { peer: new Uint8Array(peer), answer: (reply) => this.#answer(e, peer, payload, reply) };
  }

  get hash(): Uint8Array {
    return this.#transcript.hash;
  }

  #answer(e: Uint8Array, peer: Uint8Array, payload: Buffer, reply: Uint8Array = nothing): Answer {
    const transcript = this.#transcript;
    const own = this.#ephemeral.publicKey;
    transcript.mixHash(own);
    transcript.mixKey(this.#ephemeral.agree(e));
    transcript.mixKey(this.#ephemeral.agree(peer));
    const message = Buffer.concat([own, transcript.seal(reply)]);
    const [receiving, sending] = transcript.split();
    return { message, sending, receiving, payload };
  }
}

/** The second message, and the keys that hold once it is sent. */
export interface Answer extends TransportKeys {
  readonly message: Buffer;
  /** What came with the first message. */
  readonly payload: Buffer;
}

function part(message: Uint8Array, from: number, length: number): Uint8Array {
  if (message.byteLength < from + length) {
    throw new Error(`a message of ${message.byteLength} bytes is too short`);
  }
  return message.slice(from, from + length);
}
