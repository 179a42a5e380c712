import {
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto';
import { InvalidOptionError } from '@ringkernel/core';

export const keyBytes = 32;

/** What stands before the 32 bytes of an X25519 key in its DER form (RFC 8410). */
const privatePrefix = Buffer.from('302e020100300506032b656e04220420', 'hex');
const publicPrefix = Buffer.from('302a300506032b656e032100', 'hex');

/** Refuses what is no key of 32 bytes. */
export function checkKey(option: string, key: unknown): asserts key is Uint8Array {
  if (key instanceof Uint8Array && key.byteLength === keyBytes) return;
  const found = key instanceof Uint8Array ? `${key.byteLength} bytes` : key;
  throw new InvalidOptionError(option, `a Uint8Array of ${keyBytes} bytes`, found);
}

/**
 * An X25519 key pair (RFC 7748): who a runtime is on a link. The public key is what others know it by; the secret
 * never leaves the process unless you take it with `secret()`.
 */
export class LinkIdentity {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  readonly #key: KeyObject;

  private constructor(key: KeyObject) {
    this.#key = key;
    const der = createPublicKey(key).export({ type: 'spki', format: 'der' });
    this.publicKey = new Uint8Array(der.subarray(publicPrefix.length));
  }

  /** A new one, from the operating system's random numbers. */
  static generate(): LinkIdentity {
    return new LinkIdentity(generateKeyPairSync('x25519').privateKey);
  }

  /** The identity that `secret()` gave these 32 bytes of. Throws `InvalidOptionError`. */
  static fromSecret(secret: Uint8Array): LinkIdentity {
    checkKey('secret', secret);
    const key = Buffer.concat([privatePrefix, secret]);
    return new LinkIdentity(createPrivateKey({ key, type: 'pkcs8', format: 'der' }));
  }

  /** The 32 secret bytes, to be kept where nobody else reads. */
  secret(): Uint8Array {
    const der = this.#key.export({ type: 'pkcs8', format: 'der' });
    return new Uint8Array(der.subarray(privatePrefix.length));
  }

  /** What this identity and the owner of a public key have in common, 32 bytes. Throws for a key of low order. */
  agree(publicKey: Uint8Array): Buffer {
    const key = Buffer.concat([publicPrefix, publicKey]);
    const other = createPublicKey({ key, type: 'spki', format: 'der' });
    return diffieHellman({ privateKey: this.#key, publicKey: other });
  }
}
