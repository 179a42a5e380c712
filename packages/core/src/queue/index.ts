export { type AtomicWords, javascriptAtomics } from './atomic-words.ts';
export type { WaitStrategy } from './blocking-wait.ts';
export {
  MessageQueueFullError,
  ProducerReplacedError,
  QueueCapacityError,
  QueueClosedError,
} from './errors.ts';
export type { MessageCodec } from './message-format.ts';
export {
  MessageQueue,
  type MessageQueueOptions,
  messageQueueBytes,
  type QueueStatistics,
  type ReceiverOptions,
  type SenderOptions,
} from './message-queue.ts';
export type { PendingOptions } from './pending-operations.ts';
export { type QueueHealth, QueueMonitor, type QueueMonitorOptions } from './queue-monitor.ts';
export type { DequeueSyncOptions, QueueReceiver } from './queue-receiver.ts';
export type { QueueShare } from './queue-region.ts';
export type { EnqueueOptions, EnqueueSyncOptions, QueueSender } from './queue-sender.ts';
export { RecordConsumer } from './record-consumer.ts';
export { RecordProducer } from './record-producer.ts';
export {
  createRecordRing,
  type RecordRingStatistics,
  recordRingBytes,
  recordRingStatistics,
  recordSlots,
} from './record-ring.ts';
export {
  downgradedTier,
  type QueueTier,
  tierCapacity,
  tierForDepth,
  tierForThroughput,
  upgradedTier,
} from './tier.ts';
export { openAtomicWords, type SharedMemory } from './webassembly-atomics.ts';
