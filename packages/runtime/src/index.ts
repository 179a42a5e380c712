export {
  CompiledFileError,
  CompileError,
  type Diagnostic,
  StaleImageError,
} from '@ringkernel/compiler/back-end';
export {
  type ActorDefinition,
  type Address,
  type AnyDefinition,
  actor,
  array,
  ask,
  type BackendFactory,
  type BackendRefusal,
  BackendUnavailableError,
  bool,
  CancelledError,
  type Context,
  codecOf,
  type DeadLetterReason,
  type Decoded,
  DefinitionError,
  type DeviceInfo,
  DeviceLimitError,
  DeviceLostError,
  type FailurePolicy,
  type FullPolicy,
  f16,
  f32,
  f64,
  formatMessageId,
  HandlerError,
  HandlerFaultError,
  HandlerTimeoutError,
  type HostContext,
  type HostDefinition,
  type HostMessage,
  hostActor,
  InstanceLimitError,
  InstanceNotFoundError,
  InvalidOptionError,
  InvalidStateTransitionError,
  i8,
  i16,
  i32,
  i64,
  KernelAlreadyExistsError,
  type KernelCounters,
  KernelNotFoundError,
  type KernelState,
  KernelTerminatedError,
  type LanePort,
  type LatencySnapshot,
  LayoutMismatchError,
  layoutOf,
  type Message,
  MessageTooLargeError,
  MissingCapabilityError,
  NotSupportedError,
  type Payload,
  type PriorityName,
  QueueFullError,
  RingKernelError,
  ref,
  type Schedule,
  SchemaError,
  struct,
  TimeoutError,
  UnknownMessageError,
  u8,
  u16,
  u32,
  u64,
  WorkerLostError,
} from '@ringkernel/core';
export type { Checkpoint } from './checkpoint.ts';
export { createRuntime } from './create-runtime.ts';
export type {
  DeadLetter,
  DeadLetterFilter,
  DeadLetters,
  ReplayResult,
  UndeliveredMessage,
  UndeliveredReason,
} from './dead-letters.ts';
export {
  BackpressureError,
  FeedOverflowError,
  HostProgramError,
  KernelFailedError,
  NameNotFoundError,
  NameTakenError,
  QuotaExceededError,
  RateLimitedError,
  RuntimeClosedError,
  TenantMismatchError,
  TenantNotFoundError,
  UndeliveredError,
} from './errors.ts';
export type { FaultListener } from './fault-listeners.ts';
export type { KernelFault } from './faults.ts';
export type { EventStream } from './feed.ts';
export type { DedupeId } from './flow/dedupe-window.ts';
export type { FlowMetrics } from './flow/flow.ts';
export type {
  DedupeOptions,
  EntranceOptions,
  RateLimit,
  WaterMarks,
} from './flow/options.ts';
export type {
  AnyInstanceHandle,
  AnyKernelHandle,
  HandleOf,
  InstanceHandle,
  InstanceOf,
  KernelHandle,
  MessageId,
} from './handle.ts';
export type { Broker, BrokerStats } from './k2k/broker.ts';
export type { Endpoint } from './k2k/endpoint.ts';
export { K2KCallError } from './k2k/errors.ts';
export { K2KFrameError, K2KLinkLostError, RemoteError } from './k2k/link/errors.ts';
export type { LinkPeer, MessageLink } from './k2k/link/link-peer.ts';
export type { K2KCallOptions, K2KOptions, K2KRelayOptions, K2KSendOptions } from './k2k/options.ts';
export type { DeliveryStatus, Hop, Receipt, Source } from './k2k/receipt.ts';
export type { Relay } from './k2k/relay.ts';
export type { Target } from './k2k/target.ts';
export type { KernelEvent } from './kernel-event.ts';
export type { KernelMetrics, KernelStatus } from './kernel-figures.ts';
export type {
  CallOptions,
  DeliveryOptions,
  LaunchOptions,
  ReceiveOptions,
  ReplayOptions,
  RuntimeOptions,
  SendOptions,
  TerminateOptions,
} from './options.ts';
export type { CorrelatedReply, Received, ReceivedMeta } from './received.ts';
export type { Reception } from './reception.ts';
export type {
  Registry,
  RegistryEntry,
  RegistryEvent,
  RegistryQuery,
  WatchOptions,
} from './registry/registry.ts';
export type { Runtime } from './runtime.ts';
export type { Selection } from './select.ts';
export type { KernelSummary, MessageCounts, RuntimeSummary, TotalLatency } from './summary.ts';
export {
  LinkedFailureError,
  RestartIntensityError,
  SupervisorStoppedError,
} from './supervision/errors.ts';
export type { SupervisionChange, SupervisionEvent } from './supervision/events.ts';
export type {
  BackOff,
  ChildOptions,
  RestartKind,
  RestartState,
  RestartStrategy,
  SupervisionClock,
  SupervisorOptions,
} from './supervision/options.ts';
export type { SupervisedChild, Supervisor, SupervisorState } from './supervision/supervisor.ts';
export type { CrossTenantRefusal, TenantKernel } from './tenants/audit.ts';
export type { EngagementBudget, EngagementUsage } from './tenants/engagement.ts';
export type { TenantQuota } from './tenants/quota.ts';
export type { Tenants, TenantUsage } from './tenants/tenants.ts';
export type { PublishOptions, QoS, SlowPolicy, SubscribeOptions } from './topics/options.ts';
export type { Listener, Publication } from './topics/subscriber.ts';
export type { Subscription, SubscriptionStream } from './topics/subscription.ts';
export type { Topics, TopicsStats } from './topics/topics.ts';
