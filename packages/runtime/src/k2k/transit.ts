import type { Owned } from '../errors.ts';
import type { K2KSendOptions } from './options.ts';
import { type DeliveryStatus, type Hop, nowMs, type Receipt, type Source } from './receipt.ts';

/** What is to be delivered, from whom, and how. */
export interface K2KMessage {
  readonly id: string;
  readonly source: Source;
  /** The kernel of the source: itself where it lives, elsewhere what is known of it. */
  readonly sender: Owned;
  /** The source's address on its own device. */
  readonly address: number;
  readonly destination: string;
  readonly type: string;
  readonly payload: unknown;
  readonly options: K2KSendOptions & { readonly deliveryTimeoutMs: number };
  readonly maxHops: number;
  /** Of a call: how long it may take altogether. Undefined: no reply is wanted. */
  readonly callTimeoutMs: number | undefined;
}

/** The way behind a message. */
export interface Past {
  readonly hops: number;
  readonly trace: readonly Hop[];
}

/** What became of a message beyond a link. */
export type Outcome = Past & Pick<Receipt, 'status' | 'messageId' | 'error'> & { reply: unknown };

/** A message on its way. It ends once, and is told so. */
export class Transit {
  readonly message: K2KMessage;
  readonly #trace: Hop[] = [];
  readonly #onEnd: (receipt: Receipt) => void;
  #hops = 0;
  #status: DeliveryStatus = 'Pending';
  #messageId: bigint | undefined;
  #error: unknown;
  #reply: unknown;

  /** `past`: what it has behind it when it comes by a link. */
  constructor(message: K2KMessage, onEnd: (receipt: Receipt) => void, past?: Past) {
    this.message = message;
    this.#onEnd = onEnd;
    this.#hops = past?.hops ?? 0;
    this.#trace.push(...(past?.trace ?? []));
    if (past === undefined) this.#mark(message.source.node, 'sent');
  }

  /** So far. */
  get past(): Past {
    return { hops: this.#hops, trace: [...this.#trace] };
  }

  /** It ended beyond a link, and this is what came back. */
  conclude(outcome: Outcome): void {
    if (this.#status !== 'Pending') return;
    const { status, hops, trace, messageId, error, reply } = outcome;
    this.#hops = hops;
    this.#trace.splice(0, Number.POSITIVE_INFINITY, ...trace);
    this.#messageId = messageId;
    this.#error = error;
    this.#reply = reply;
    this.#status = status;
    this.#onEnd(this.receipt());
  }

  /** Goes on to another runtime; false when it has gone far enough. */
  forward(node: number): boolean {
    if (this.#hops >= this.message.maxHops) return false;
    this.#hops++;
    this.#mark(node, 'forwarded');
    return true;
  }

  delivered(node: number, messageId: bigint): void {
    this.#messageId = messageId;
    this.#end(node, 'Delivered');
  }

  /** Of a call: it was handled. */
  answered(node: number, reply: unknown): void {
    this.#reply = reply;
    this.#end(node, 'Delivered');
  }

  /** Of a call: it was handled, and failed there. */
  failed(node: number, error: unknown): void {
    this.#error = error;
    this.#end(node, 'Delivered');
  }

  /** What a call was answered with. */
  get reply(): unknown {
    return this.#reply;
  }

  refused(node: number, status: DeliveryStatus, error?: unknown): void {
    this.#error = error;
    this.#end(node, status);
  }

  receipt(): Receipt {
    const { id, source, destination, type } = this.message;
    return {
      id,
      status: this.#status,
      source,
      destination,
      type,
      hops: this.#hops,
      trace: [...this.#trace],
      messageId: this.#messageId,
      error: this.#error,
    };
  }

  #end(node: number, status: DeliveryStatus): void {
    if (this.#status !== 'Pending') return; // it was given up meanwhile
    this.#status = status;
    this.#mark(node, status === 'Delivered' ? 'delivered' : 'refused');
    this.#onEnd(this.receipt());
  }

  #mark(node: number, step: Hop['step']): void {
    this.#trace.push({ node, step, atMs: nowMs() });
  }
}
