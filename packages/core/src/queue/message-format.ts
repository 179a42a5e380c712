import { MessageTooLargeError } from '../errors/message.ts';
import type { Codec } from '../schema/codec.ts';

/** The part of a `Codec` that a queue uses; `codecOf(layoutOf({…}))` makes one. */
export type MessageCodec<I, O> = Pick<Codec<I, O>, 'size' | 'encode' | 'decode'>;

/** How messages become the bytes of a slot, and again messages. */
export interface MessageFormat<I, O> {
  /** Throws before the slot is claimed when the message can't fit. */
  check(message: I): void;
  /** Writes at this place of the buffer; returns how many bytes. */
  write(message: I, byteOffset: number): number;
  read(byteOffset: number, lengthBytes: number): O;
}

/** Bytes as they are. Reading copies them: the slot is used again. */
export function bytesFormat(
  buffer: SharedArrayBuffer,
  maxBytes: number,
): MessageFormat<Uint8Array, Uint8Array> {
  const all = new Uint8Array(buffer);
  return {
    check: (message) => {
      if (message.byteLength <= maxBytes) return;
      throw new MessageTooLargeError('bytes', message.byteLength, maxBytes);
    },
    write: (message, byteOffset) => {
      all.set(message, byteOffset);
      return message.byteLength;
    },
    read: (byteOffset, lengthBytes) => all.slice(byteOffset, byteOffset + lengthBytes),
  };
}

/** Values of one schema. */
export function codecFormat<I, O>(
  buffer: SharedArrayBuffer,
  maxBytes: number,
  codec: MessageCodec<I, O>,
): MessageFormat<I, O> {
  if (codec.size > maxBytes) throw new MessageTooLargeError('codec', codec.size, maxBytes);
  const view = new DataView(buffer);
  return {
    check: () => {},
    write: (message, byteOffset) => {
      codec.encode(view, byteOffset, message);
      return codec.size;
    },
    read: (byteOffset) => codec.decode(view, byteOffset),
  };
}
