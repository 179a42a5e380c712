export { type AtomicWords, javascriptAtomics } from './atomic-words.ts';
export { ProducerReplacedError, QueueCapacityError } from './errors.ts';
export { RecordConsumer } from './record-consumer.ts';
export { RecordProducer } from './record-producer.ts';
export {
  createRecordRing,
  type RecordRingStatistics,
  recordRingBytes,
  recordRingStatistics,
  recordSlots,
} from './record-ring.ts';
export { openAtomicWords, type SharedMemory } from './webassembly-atomics.ts';
