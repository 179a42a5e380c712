import { InvalidOptionError, nearestName } from '@ringkernel/core';
import type { LinkCipher } from './cipher-state.ts';
import { checkKey, LinkIdentity } from './identity.ts';

interface LinkOptions {
  /** Who this end is. */
  readonly identity: LinkIdentity;
  /** `chacha20-poly1305` by default; both ends must choose the same. */
  readonly cipher?: LinkCipher;
  /** What the link is for, up to 1024 characters; both ends must say the same. Empty by default. */
  readonly purpose?: string;
  /** How long the handshake may take, 10,000 by default. */
  readonly timeoutMs?: number;
  /** The longest message that is sent or taken, 1 MiB by default. */
  readonly maxMessageBytes?: number;
  /** Messages that may wait to be taken before the connection is not read any further, 1,024 by default. */
  readonly inboxCapacity?: number;
}

export interface ConnectOptions extends LinkOptions {
  /** Public key of the one to talk to, 32 bytes. */
  readonly peer: Uint8Array;
  /** New keys are agreed on after so many frames in both directions together, 1,000,000 by default. */
  readonly rotateAfterFrames?: number;
}

export interface AcceptOptions extends LinkOptions {
  /** Public keys of those who may connect, or a function that decides. */
  readonly allow: readonly Uint8Array[] | ((publicKey: Uint8Array) => boolean);
}

/** All options with their values. */
export interface CheckedOptions {
  readonly identity: LinkIdentity;
  readonly cipher: LinkCipher;
  readonly prologue: Uint8Array;
  readonly timeoutMs: number;
  readonly maxMessageBytes: number;
  readonly inboxCapacity: number;
  readonly rotateAfterFrames: number;
}

const ciphers: readonly LinkCipher[] = ['chacha20-poly1305', 'aes-256-gcm'];
const common = ['identity', 'cipher', 'purpose', 'timeoutMs', 'maxMessageBytes', 'inboxCapacity'];
const mostPurpose = 1024;

function whole(options: object, name: string, fallback: number, least: number): number {
  const value = (options as Record<string, unknown>)[name] ?? fallback;
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value < 2 ** 31) {
    return value;
  }
  throw new InvalidOptionError(name, `a whole number from ${least} to 2147483647`, value);
}

function check(options: ConnectOptions | AcceptOptions, own: readonly string[]): CheckedOptions {
  const known = [...common, ...own];
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    const near = nearestName(name, known);
    throw new InvalidOptionError('options', `made of ${known.join(', ')}`, name, {
      ...(near === undefined ? {} : { hint: `did you mean ${near}?` }),
    });
  }
  const { identity, cipher = 'chacha20-poly1305', purpose = '' } = options;
  if (!(identity instanceof LinkIdentity)) {
    throw new InvalidOptionError('identity', 'a LinkIdentity', identity);
  }
  if (!ciphers.includes(cipher)) {
    throw new InvalidOptionError('cipher', `one of ${ciphers.join(', ')}`, cipher);
  }
  if (typeof purpose !== 'string' || purpose.length > mostPurpose) {
    throw new InvalidOptionError('purpose', `a string of up to ${mostPurpose} characters`, purpose);
  }
  return {
    identity,
    cipher,
    prologue: Buffer.from(`ringkernel link 1\n${purpose}`),
    timeoutMs: whole(options, 'timeoutMs', 10_000, 1),
    maxMessageBytes: whole(options, 'maxMessageBytes', 2 ** 20, 1),
    inboxCapacity: whole(options, 'inboxCapacity', 1024, 1),
    rotateAfterFrames: whole(options, 'rotateAfterFrames', 1_000_000, 1),
  };
}

/** Throws `InvalidOptionError`. */
export function checkConnect(options: ConnectOptions): CheckedOptions {
  checkKey('peer', options.peer);
  return check(options, ['peer', 'rotateAfterFrames']);
}

/** Throws `InvalidOptionError`. The function says whether a public key may connect. */
export function checkAccept(
  options: AcceptOptions,
): CheckedOptions & { readonly allowed: (publicKey: Uint8Array) => boolean } {
  const checked = check(options, ['allow']);
  const { allow } = options;
  if (typeof allow === 'function') return { ...checked, allowed: allow };
  if (!Array.isArray(allow)) {
    throw new InvalidOptionError('allow', 'an array of public keys, or a function', allow);
  }
  for (const [i, key] of allow.entries()) checkKey(`allow[${i}]`, key);
  const allowed = (publicKey: Uint8Array): boolean =>
    allow.some((key: Uint8Array) => Buffer.compare(key, publicKey) === 0);
  return { ...checked, allowed };
}
