import {
  type AnyDefinition,
  type AskName,
  type Decoded,
  describe,
  type MessageDescriptor,
  type Messages,
  type Payload,
  type ReplyFields,
  type RequestFields,
  UnknownMessageError,
} from '@ringkernel/core';
import type { HostLane } from './host-lane.ts';
import type { LaneCallOptions, LaneSendOptions } from './options.ts';

type PayloadOf<M, K extends keyof M> = Payload<RequestFields<M[K]>>;

/** An instance at the other end of a lane. Its messages go by name, and are typed by the actor's definition. */
export class LaneInstance<M extends Messages = Messages> {
  readonly address: number;
  readonly #lane: HostLane;
  readonly #actorName: string;
  readonly #messages: ReadonlyMap<string, MessageDescriptor>;

  constructor(lane: HostLane, definition: AnyDefinition, address: number) {
    this.address = address;
    this.#lane = lane;
    this.#actorName = definition.name;
    this.#messages = new Map(describe(definition).messages.map((m) => [m.name, m]));
  }

  /** Sends if the lane has room, and never waits. False: it has none; `room()` of the lane says when. */
  trySend<K extends keyof M & string>(
    type: K,
    payload: PayloadOf<M, K>,
    options?: LaneSendOptions,
  ): boolean {
    return this.#lane.send(this.address, this.#find(type), payload, options);
  }

  /** Resolves with the reply. Rejects as `call` of the lane does. */
  async call<K extends AskName<M>>(
    type: K,
    payload: PayloadOf<M, K>,
    options?: LaneCallOptions,
  ): Promise<Decoded<ReplyFields<M[K]>>> {
    const reply = await this.#lane.call(this.address, this.#find(type), payload, options);
    return reply as Decoded<ReplyFields<M[K]>>;
  }

  #find(type: string): MessageDescriptor {
    const found = this.#messages.get(type);
    if (found !== undefined) return found;
    throw new UnknownMessageError(this.#actorName, type, [...this.#messages.keys()]);
  }
}
