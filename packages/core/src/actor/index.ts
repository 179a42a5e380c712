export {
  type ActorDefinition,
  type ActorSpec,
  type AnyActor,
  actor,
  type Handlers,
} from './actor.ts';
export type {
  Context,
  Conversions,
  Emits,
  HandlerContext,
  MessageSpec,
  Messages,
  MessagesAt,
  MessagesOf,
  ReplyContext,
  ReplyFields,
  RequestFields,
  Send,
  SendOptions,
} from './context.ts';
export { type AnyDefinition, type Description, describe, targetsOf } from './describe.ts';
export { DefinitionError } from './errors.ts';
export {
  type AnyHostActor,
  type AskName,
  type HostContext,
  type HostDefinition,
  type HostMessage,
  type HostModuleSpec,
  type HostRunSpec,
  type HostSpec,
  hostActor,
  type MessageMeta,
} from './host-actor.ts';
