import type { Fields } from '../schema/fields.ts';
import type { Message } from '../schema/infer.ts';
import { checkActor } from './check.ts';
import type { Context, Emits, Messages, RequestFields } from './context.ts';

/** One function per message. They must not be async; what they may contain is the language (docs/language.md). */
export type Handlers<S extends Fields, M extends Messages, E extends Emits> = {
  readonly [K in keyof M & string]: (
    ctx: Context<S, M, E, K>,
    message: Message<RequestFields<M[K]>>,
  ) => void;
};

/** What an actor is made of. */
export interface ActorSpec<S extends Fields, M extends Messages, E extends Emits> {
  /** Zero at launch. */
  readonly state: S;
  readonly messages: M;
  /** Events to the host. */
  readonly emits?: E;
  /** Values that handlers use from outside, by name; needed only where the compiler can't read closures. */
  readonly uses?: Readonly<Record<string, unknown>>;
  readonly on: Handlers<S, M, E>;
}

/** An actor as defined: plain data and functions, not running anywhere. */
export interface ActorDefinition<
  S extends Fields = Fields,
  M extends Messages = Messages,
  E extends Emits = Emits,
> {
  readonly kind: 'actor';
  readonly name: string;
  readonly spec: ActorSpec<S, M, E>;
}

// biome-ignore lint/suspicious/noExplicitAny: handlers take their context contravariantly; `any` is the top here.
export type AnyActor = ActorDefinition<any, any, any>;

/**
 * Defines an actor that runs on any backend. Throws `DefinitionError` or `SchemaError` when the definition does not
 * hold together; handlers are compiled later, by `compile` or at launch.
 */
export function actor<S extends Fields, M extends Messages, E extends Emits = Record<never, never>>(
  name: string,
  spec: ActorSpec<S, M, E>,
): ActorDefinition<S, M, E> {
  checkActor(name, spec);
  return Object.freeze({ kind: 'actor', name, spec });
}
