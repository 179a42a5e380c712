import type { PriorityName } from '../kernel/options.ts';
import type { AskType, Fields } from '../schema/fields.ts';
import type { Decoded, Payload } from '../schema/infer.ts';
import { checkHostActor } from './check.ts';
import type { Emits, Messages, RequestFields, Send } from './context.ts';

/** What every received message carries beside its fields. */
export interface MessageMeta {
  /** Address of the sender, 0 = the host. */
  readonly from: number;
  /** Stamp of the sender: microseconds << 12 | logical. */
  readonly hlc: bigint;
  readonly id: bigint;
  /** 0n: nobody waits for a reply. */
  readonly correlation: bigint;
  readonly priority: PriorityName;
}

/** A message as a host-only actor receives it: told apart by `type`, its fields beside it. */
export type HostMessage<M> = {
  [K in keyof M & string]: { readonly type: K } & MessageMeta & Decoded<RequestFields<M[K]>>;
}[keyof M & string];

/** The names of messages that are answered. */
export type AskName<M> = {
  [K in keyof M & string]: M[K] extends AskType ? K : never;
}[keyof M & string];

type ReplyPayload<M, K> = K extends keyof M
  ? M[K] extends AskType<Fields, infer O>
    ? Payload<O>
    : never
  : never;

/** What the loop of a host-only actor works with. */
export interface HostContext<M, E> {
  readonly kernelId: string;
  /** Which instance of its kernel this is, from 0. */
  readonly index: number;
  /** True once the kernel is being terminated: the loop should end. */
  readonly shouldTerminate: boolean;
  readonly isActive: boolean;
  /** Resolves when the kernel is active or being terminated. */
  waitActive(): Promise<void>;
  /**
   * The next message, by priority and arrival. Resolves with `undefined` when `timeoutMs` is over or the kernel is
   * being terminated and nothing waits. While the kernel is deactivated it waits.
   */
  receive(options?: { readonly timeoutMs?: number }): Promise<HostMessage<M> | undefined>;
  /** A message if one is here already. */
  tryReceive(): HostMessage<M> | undefined;
  /** Answers an `ask` message. */
  reply<K extends AskName<M>>(
    message: { readonly type: K } & MessageMeta,
    payload: ReplyPayload<M, K>,
  ): void;
  /** Tells the host. */
  emit<K extends keyof E & string>(type: K, payload: Payload<E[K]>): void;
  readonly send: Send<M>;
}

interface HostSpecBase<M extends Messages, E extends Emits> {
  readonly messages: M;
  readonly emits?: E;
}

/** A loop given as a function; its text runs in a worker, so it can't use anything from around it. */
export interface HostRunSpec<M extends Messages, E extends Emits> extends HostSpecBase<M, E> {
  readonly run: (ctx: HostContext<M, E>) => Promise<void>;
  readonly module?: never;
  readonly export?: never;
}

/** A loop given as an export of a module, which the worker imports. */
export interface HostModuleSpec<M extends Messages, E extends Emits> extends HostSpecBase<M, E> {
  readonly module: string | URL;
  readonly export: string;
  readonly run?: never;
}

export type HostSpec<M extends Messages, E extends Emits> =
  | HostRunSpec<M, E>
  | HostModuleSpec<M, E>;

/** A host-only actor as defined. */
export interface HostDefinition<M extends Messages = Messages, E extends Emits = Emits> {
  readonly kind: 'host';
  readonly name: string;
  readonly spec: HostSpec<M, E>;
}

// biome-ignore lint/suspicious/noExplicitAny: the loop takes its context contravariantly; `any` is the top here.
export type AnyHostActor = HostDefinition<any, any>;

/**
 * Defines an actor that runs on the CPU only, as an async loop: for work that is not portable, such as I/O.
 * Throws `DefinitionError` or `SchemaError`.
 */
export function hostActor<M extends Messages, E extends Emits = Record<never, never>>(
  name: string,
  spec: HostSpec<M, E>,
): HostDefinition<M, E> {
  checkHostActor(name, spec);
  return Object.freeze({ kind: 'host', name, spec });
}
