export { crc32 } from './crc32.ts';
export { deadlineAfter, deadlineAt, isExpired, maxDeadlineMs } from './deadline.ts';
export {
  decodeFrame,
  encodeFrame,
  type Frame,
  type FrameOptions,
  frameOverheadBytes,
  frameVersion,
} from './frame.ts';
export {
  type MessageHeader,
  readChecksum,
  readDeadlineMs,
  readDestination,
  readFlags,
  readHeader,
  readHops,
  readPayloadBytes,
  readPriority,
  readSequence,
  readSource,
  readTypeId,
  recordBytes,
  writeChecksum,
  writeCorrelation,
  writeFlags,
  writeHeader,
  writeHops,
  writeKind,
  writeMessageId,
  writeRoute,
  writeSequence,
  writeStamp,
} from './header.ts';
export {
  formatMessageId,
  idFromBigInt,
  idToBigInt,
  MessageIdGenerator,
  type MessageIdOptions,
} from './message-id.ts';
export { priorityFromCode, priorityNames, priorityToCode } from './priority.ts';
