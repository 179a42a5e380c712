import type {
  AskName,
  Decoded,
  Emits,
  Fields,
  Messages,
  Payload,
  ReplyFields,
  RequestFields,
} from '@ringkernel/core';
import type { AnyInstanceHandle, InstanceHandle } from '../handle.ts';
import type { RegistryQuery } from '../registry/registry.ts';
import type { K2KCallOptions, K2KRelayOptions, K2KSendOptions } from './options.ts';
import type { Receipt, Source } from './receipt.ts';
import type { Relay } from './relay.ts';
import type { Target } from './target.ts';

/** What the broker lets the owner of an endpoint do. Nobody else can get at it. */
export interface EndpointPowers {
  readonly source: Source;
  post(to: Target, type: string, payload: unknown, options: K2KSendOptions): Posted;
  call(to: Target, type: string, payload: unknown, options: K2KCallOptions): Promise<unknown>;
  find(query: RegistryQuery): AnyInstanceHandle[];
  relay(emit: string, to: Target, type: string, options: K2KRelayOptions): Relay;
}

export interface Posted {
  readonly id: string;
  readonly ended: Promise<Receipt>;
}

/**
 * Sends in the name of a kernel or instance. It is a capability: whoever holds it sends as its source, and nobody can
 * say that a message comes from somebody else. Once its kernel has ended it sends nothing more, also when the id is
 * used again.
 */
export class Endpoint {
  readonly #powers: EndpointPowers;

  /** Made by `runtime.k2k.endpoint`. */
  constructor(powers: EndpointPowers) {
    this.#powers = powers;
  }

  /** In whose name it sends. */
  get source(): Source {
    return this.#powers.source;
  }

  /**
   * Sends, and resolves with the receipt when the fate of the message is known. What can't be delivered is no error:
   * see the receipt's `status`. Rejects with `InvalidOptionError`, and when the endpoint's kernel has ended.
   */
  send<M extends Messages, E extends Emits, S extends Fields, K extends keyof M & string>(
    to: InstanceHandle<M, E, S>,
    type: K,
    payload: Payload<RequestFields<M[K]>>,
    options?: K2KSendOptions,
  ): Promise<Receipt>;
  send(to: Target, type: string, payload: object, options?: K2KSendOptions): Promise<Receipt>;
  async send(
    to: Target,
    type: string,
    payload: object,
    options: K2KSendOptions = {},
  ): Promise<Receipt> {
    return await this.#powers.post(to, type, payload, options).ended;
  }

  /** Sends without waiting; what became of it is at `runtime.k2k.receipt(id)`. */
  post(to: Target, type: string, payload: object, options: K2KSendOptions = {}): string {
    return this.#powers.post(to, type, payload, options).id;
  }

  /**
   * Asks, and resolves with the reply, over however many runtimes. Rejects with `K2KCallError`, whose `receipt` says how
   * far it came and whose `cause` is what the receiver's end has against it.
   */
  call<M extends Messages, E extends Emits, S extends Fields, K extends AskName<M>>(
    to: InstanceHandle<M, E, S>,
    type: K,
    payload: Payload<RequestFields<M[K]>>,
    options?: K2KCallOptions,
  ): Promise<Decoded<ReplyFields<M[K]>>>;
  call(to: Target, type: string, payload: object, options?: K2KCallOptions): Promise<unknown>;
  async call(
    to: Target,
    type: string,
    payload: object,
    options: K2KCallOptions = {},
  ): Promise<unknown> {
    return await this.#powers.call(to, type, payload, options);
  }

  /** Sends to everybody in the registry who matches, once to each instance whatever its names. */
  async sendAll(
    query: RegistryQuery,
    type: string,
    payload: object,
    options: K2KSendOptions = {},
  ): Promise<Receipt[]> {
    const posts = this.#powers.find(query).map((to) => {
      return this.#powers.post(to, type, payload, options).ended;
    });
    return await Promise.all(posts);
  }

  /**
   * Sends each event of this name that the kernel emits on as a message, in order, until it is stopped or the kernel
   * ends. What can't be delivered becomes a dead letter. The fields of the event must be those of the message.
   */
  relay(emit: string, to: Target, type: string, options: K2KRelayOptions = {}): Relay {
    return this.#powers.relay(emit, to, type, options);
  }
}
