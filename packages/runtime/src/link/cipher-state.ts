import { createCipheriv, createDecipheriv } from 'node:crypto';

/** How a link encrypts: ChaCha20-Poly1305 (RFC 8439) or AES-256-GCM (NIST SP 800-38D). */
export type LinkCipher = 'chacha20-poly1305' | 'aes-256-gcm';

/** Name of each cipher in a Noise protocol name. */
export const noiseCipherName: Readonly<Record<LinkCipher, string>> = {
  'chacha20-poly1305': 'ChaChaPoly',
  'aes-256-gcm': 'AESGCM',
};

/** Bytes that encryption adds. */
export const tagBytes = 16;

/**
 * A key and the number of the next message under it: `CipherState` of the Noise specification, revision 34, section
 * 5.1. Both ends count, so a message that was changed, repeated, left out or moved does not decrypt.
 */
export class CipherState {
  readonly #cipher: LinkCipher;
  readonly #key: Buffer;
  readonly #nonce = Buffer.alloc(12);
  #next = 0n;

  constructor(cipher: LinkCipher, key: Buffer) {
    this.#cipher = cipher;
    this.#key = key;
  }

  encrypt(associated: Uint8Array, plain: Uint8Array): Buffer {
    // Two calls instead of one with the name as a variable: the types of Node tell the ciphers apart by it.
    const nonce = this.#nextNonce();
    const cipher =
      this.#cipher === 'aes-256-gcm'
        ? createCipheriv('aes-256-gcm', this.#key, nonce)
        : createCipheriv('chacha20-poly1305', this.#key, nonce, { authTagLength: tagBytes });
    cipher.setAAD(associated, { plaintextLength: plain.byteLength });
    return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  }

  /** Throws when the bytes are not what the other end encrypted as its next message. */
  decrypt(associated: Uint8Array, sealed: Uint8Array): Buffer {
    const end = sealed.byteLength - tagBytes;
    if (end < 0) throw new Error(`${sealed.byteLength} bytes are shorter than a tag`);
    const nonce = this.#nextNonce();
    const cipher =
      this.#cipher === 'aes-256-gcm'
        ? createDecipheriv('aes-256-gcm', this.#key, nonce, { authTagLength: tagBytes })
        : createDecipheriv('chacha20-poly1305', this.#key, nonce, { authTagLength: tagBytes });
    cipher.setAAD(associated, { plaintextLength: end });
    cipher.setAuthTag(sealed.subarray(end));
    return Buffer.concat([cipher.update(sealed.subarray(0, end)), cipher.final()]);
  }

  /** 4 zero bytes and the counter: little-endian for ChaCha20-Poly1305, big-endian for AES-GCM (section 12). */
  #nextNonce(): Buffer {
    if (this.#cipher === 'aes-256-gcm') this.#nonce.writeBigUInt64BE(this.#next, 4);
    else this.#nonce.writeBigUInt64LE(this.#next, 4);
    this.#next++;
    return this.#nonce;
  }
}
