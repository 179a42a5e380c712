import {
  type Codec,
  codecOf,
  type InjectOptions,
  type KernelImage,
  type MessageDescriptor,
  type PayloadWriter,
} from '@ringkernel/core';
import { copyBytes, keep } from './kept-bytes.ts';

/** A message type of a kernel, ready to be sent and its reply to be read. */
export class MessageType {
  readonly descriptor: MessageDescriptor;
  readonly name: string;
  readonly codec: Codec;
  readonly replyCodec: Codec | undefined;
  /** Where a payload is encoded before a mailbox is asked for room, so that a bad one never gets there. */
  readonly scratch: DataView;

  constructor(actorName: string, descriptor: MessageDescriptor) {
    const { name, layout, reply } = descriptor;
    this.descriptor = descriptor;
    this.name = name;
    this.codec = codecOf(layout, `${actorName}.${name}`);
    this.replyCodec = reply && codecOf(reply.layout, `${actorName}.${name} reply`);
    this.scratch = new DataView(new ArrayBuffer(layout.size));
  }

  /** Checks the payload and leaves its bytes in `scratch`. Throws `SchemaError`. */
  encode(payload: unknown): void {
    this.codec.encode(this.scratch, 0, payload);
  }

  /** A copy of what `encode` left. */
  keep(): DataView {
    return keep(this.scratch);
  }
}

/** Writes encoded bytes to a mailbox. */
export const writeEncoded: PayloadWriter<DataView> = (view, byteOffset, encoded) =>
  copyBytes(encoded, view, byteOffset);

/** What an image says about types, by name and by id. */
export class MessageTypes {
  readonly byName: ReadonlyMap<string, MessageType>;
  /** Emits by type id. */
  readonly emits: ReadonlyMap<number, MessageType>;
  /** Replies by type id: the message they answer. */
  readonly replies: ReadonlyMap<number, MessageType>;
  readonly #byId: ReadonlyMap<number, { readonly name: string; readonly codec: Codec }>;

  constructor(image: KernelImage) {
    const messages = image.messages.map((m) => new MessageType(image.name, m));
    const emits = image.emits.map((m) => new MessageType(image.name, m));
    const replies: [number, MessageType][] = [];
    const all: [number, { readonly name: string; readonly codec: Codec }][] = [];
    for (const type of [...messages, ...emits]) all.push([type.descriptor.id, type]);
    for (const type of messages) {
      if (type.descriptor.reply === undefined || type.replyCodec === undefined) continue;
      replies.push([type.descriptor.reply.id, type]);
      all.push([type.descriptor.reply.id, { name: type.name, codec: type.replyCodec }]);
    }
    this.byName = new Map(messages.map((type) => [type.name, type]));
    this.emits = new Map(emits.map((type) => [type.descriptor.id, type]));
    this.replies = new Map(replies);
    this.#byId = new Map(all);
  }

  /** Name of any type: message, reply (its message's) or emit. */
  nameOf(id: number): string | undefined {
    return this.#byId.get(id)?.name;
  }

  /** The decoded payload; the bytes where the type is not known or the bytes do not fit it. */
  payloadOf(id: number, bytes: Uint8Array): unknown {
    const codec = this.#byId.get(id)?.codec;
    if (codec === undefined || codec.size !== bytes.byteLength) return bytes;
    return codec.decode(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), 0);
  }
}

/** `InjectOptions` that are filled in anew for each message. */
export interface Delivery extends InjectOptions {
  priority: number;
  correlationLow: number;
  correlationHigh: number;
  wantsReply: boolean;
  deadlineMs: number;
  source: number;
}
