import { longestTimerMs, QueueFullError, RingKernelError } from '@ringkernel/core';
import type { Receipt } from '../receipt.ts';
import { type K2KMessage, Transit } from '../transit.ts';
import { K2KFrameError, K2KLinkLostError, RemoteError } from './errors.ts';
import {
  decodeFrame,
  type ErrorFrame,
  encodeFrame,
  type Frame,
  linkVersion,
  type MessageFrame,
  type ReceiptFrame,
} from './frames.ts';

/** A link that carries messages whole, in order, both ways: a `SecureLink` for example. */
export interface MessageLink {
  send(message: Uint8Array): Promise<void>;
  /** The next message; undefined when the other end has closed the link. */
  receive(): Promise<Uint8Array | undefined>;
  /** The other end hears of it, and `receive` gives undefined behind what came before. */
  close(): Promise<void>;
}

/** What the end of a link needs of its broker. */
export interface LinkPeerParts {
  /** Node id of this end's runtime. */
  readonly node: number;
  /** Messages from the other end whose fate is not known yet, at most. */
  readonly maxPending: number;
  /** A message has come. */
  accept(transit: Transit, instance: number | undefined): void;
  /** Nothing more comes. */
  onEnd(peer: LinkPeer): void;
}

/** How much longer than the message's own limits its receipt may take, milliseconds. */
const graceMs = 5_000;

interface Sent {
  readonly transit: Transit;
  readonly timer: ReturnType<typeof setTimeout> | undefined;
}

/** A runtime at the other end of a link, as routes lead to it. */
export class LinkPeer {
  /** Node id of the runtime at the other end. */
  readonly node: number;
  /** Resolves when the link is not used any more: undefined when an end left, else the error. */
  readonly ended: Promise<unknown>;
  readonly #link: MessageLink;
  readonly #parts: LinkPeerParts;
  readonly #sent: Map<number, Sent> = new Map();
  #sequence = 0;
  #accepted = 0;
  #isOver = false;

  private constructor(link: MessageLink, parts: LinkPeerParts, node: number) {
    this.#link = link;
    this.#parts = parts;
    this.node = node;
    this.ended = this.#run();
  }

  /** Tells the other end who this is, and hears who it is. */
  static async join(link: MessageLink, parts: LinkPeerParts): Promise<LinkPeer> {
    await link.send(encodeFrame({ kind: 'hello', version: linkVersion, node: parts.node }));
    const bytes = await link.receive();
    const hello = bytes === undefined ? undefined : decodeFrame(bytes);
    if (hello?.kind !== 'hello') throw new K2KFrameError('a hello', hello?.kind ?? 'the end');
    if (hello.version !== linkVersion) {
      throw new K2KFrameError(`version ${linkVersion}`, `version ${hello.version}`);
    }
    return new LinkPeer(link, parts, hello.node);
  }

  /** The broker's own: sends a message on. */
  forward(transit: Transit, instance: number | undefined): void {
    if (this.#isOver) return this.#lose(transit);
    const sequence = ++this.#sequence;
    const { sender, address: _, ...message } = transit.message;
    const { tenant } = sender.settings;
    const { hops, trace } = transit.past;
    this.#sent.set(sequence, { transit, timer: this.#timer(sequence, transit) });
    const frame: Frame = { kind: 'message', sequence, ...message, tenant, instance, hops, trace };
    try {
      this.#link.send(encodeFrame(frame)).catch((error: unknown) => this.#refuse(sequence, error));
    } catch (error) {
      this.#refuse(sequence, error);
    }
  }

  /** The broker's own: closes the link. */
  leave(): void {
    void this.#link.close();
  }

  async #run(): Promise<unknown> {
    let error: unknown;
    try {
      for (;;) {
        const bytes = await this.#link.receive();
        if (bytes === undefined) break;
        this.#take(decodeFrame(bytes));
      }
    } catch (reason) {
      error = reason;
    }
    this.#isOver = true;
    for (const { transit, timer } of this.#sent.values()) {
      clearTimeout(timer);
      this.#lose(transit, error);
    }
    this.#sent.clear();
    this.#parts.onEnd(this);
    return error;
  }

  #take(frame: Frame): void {
    if (frame.kind === 'message') this.#accept(frame);
    else if (frame.kind === 'receipt') this.#conclude(frame);
    else throw new K2KFrameError('a message or receipt', 'a second hello');
  }

  #accept(frame: MessageFrame): void {
    const { sequence, kind: _kind, tenant, instance, hops, trace, ...rest } = frame;
    const sender = { id: frame.source.kernelId, settings: { tenant } };
    const message: K2KMessage = { ...rest, sender, address: 0 };
    const onEnd = ({ status, messageId, error, ...way }: Receipt): void => {
      this.#accepted--;
      this.#answer({
        kind: 'receipt',
        sequence,
        status,
        hops: way.hops,
        trace: way.trace,
        messageId,
        error: error === undefined ? undefined : errorFrame(error),
        reply: transit.reply,
      });
    };
    const transit = new Transit(message, onEnd, { hops, trace });
    const { node, maxPending } = this.#parts;
    this.#accepted++;
    if (this.#accepted <= maxPending) this.#parts.accept(transit, instance);
    else transit.refused(node, 'QueueFull', new QueueFullError('k2k broker', 0, maxPending));
  }

  #answer(frame: ReceiptFrame): void {
    if (this.#isOver) return;
    // When the link has ended the other end knows that no receipt comes.
    this.#link.send(encodeFrame(frame)).catch(() => {});
  }

  #conclude({ sequence, error, kind: _, ...outcome }: ReceiptFrame): void {
    const sent = this.#sent.get(sequence);
    if (sent === undefined) return; // given up meanwhile
    this.#sent.delete(sequence);
    clearTimeout(sent.timer);
    const reason = error === undefined ? undefined : this.#remade(error);
    sent.transit.conclude({ ...outcome, error: reason });
  }

  #remade({ code, message, hint }: ErrorFrame): RemoteError {
    return new RemoteError(this.node, code, message, hint === undefined ? {} : { hint });
  }

  /** The other end has so long to say what became of it. */
  #timer(sequence: number, { message }: Transit): Sent['timer'] {
    const { callTimeoutMs, options } = message;
    const ms = (callTimeoutMs ?? options.deliveryTimeoutMs) + graceMs;
    if (ms > longestTimerMs) return undefined;
    return setTimeout(() => {
      const sent = this.#sent.get(sequence);
      this.#sent.delete(sequence);
      sent?.transit.refused(this.node, 'Timeout', new K2KLinkLostError(this.node));
    }, ms);
  }

  /** It could not be sent at all. */
  #refuse(sequence: number, error: unknown): void {
    const sent = this.#sent.get(sequence);
    if (sent === undefined) return;
    this.#sent.delete(sequence);
    clearTimeout(sent.timer);
    sent.transit.refused(this.#parts.node, 'Invalid', error);
  }

  #lose(transit: Transit, cause?: unknown): void {
    transit.refused(this.node, 'Timeout', new K2KLinkLostError(this.node, cause));
  }
}

function errorFrame(error: unknown): ErrorFrame {
  if (error instanceof RingKernelError) {
    const { code, message, hint } = error;
    return { code, message, hint };
  }
  return { code: 'RK_REMOTE', message: String(error), hint: undefined };
}
