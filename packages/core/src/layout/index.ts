export { addToCounter, readCounter } from './counter.ts';
export {
  controlBlock,
  controlCommand,
  controlErrorCode,
  counterBlock,
  deadLetterCode,
  hlcStamp,
  hlcTimestamp,
  instanceWords,
  kernelStateCode,
  latencyBlock,
  layoutHash,
  layoutLimit,
  messageFlag,
  messageHeader,
  priorityCode,
  qosCode,
  queueHeader,
} from './generated.ts';
export { latencyBucket, latencyBucketFloor, readLatency } from './latency.ts';
