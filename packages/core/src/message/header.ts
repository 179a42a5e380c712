import type { HlcStamp } from '../hlc/stamp.ts';
import { layoutLimit, messageHeader } from '../layout/generated.ts';

/**
 * Reading and writing message headers in shared memory. `words` is a Uint32Array over the memory, `at` the index of
 * the header's first word. None of these allocate, except `readHeader`.
 */

const { slotBytes } = layoutLimit;

/** Bytes that a message takes in a ring or queue: header and payload, rounded up to whole slots. */
export function recordBytes(payloadBytes: number): number {
  return (messageHeader.sizeBytes + payloadBytes + slotBytes - 1) & -slotBytes;
}

/** Type, payload size, and the word of priority, hops and flags. */
export function writeKind(
  words: Uint32Array,
  at: number,
  typeId: number,
  payloadBytes: number,
  priority: number,
  hops: number,
  flags: number,
): void {
  words[at + messageHeader.typeIdWord] = typeId;
  words[at + messageHeader.payloadBytesWord] = payloadBytes;
  words[at + messageHeader.priorityWord] =
    priority | (hops << messageHeader.hopsShift) | (flags << messageHeader.flagsShift);
}

export function writeMessageId(words: Uint32Array, at: number, low: number, high: number): void {
  words[at + messageHeader.messageIdLowWord] = low;
  words[at + messageHeader.messageIdHighWord] = high;
}

export function writeCorrelation(words: Uint32Array, at: number, low: number, high: number): void {
  words[at + messageHeader.correlationLowWord] = low;
  words[at + messageHeader.correlationHighWord] = high;
}

/** The stamp of the sending: give the clock itself, after its `tick`. */
export function writeStamp(words: Uint32Array, at: number, stamp: HlcStamp): void {
  words[at + messageHeader.physicalLowWord] = stamp.physicalLow;
  words[at + messageHeader.physicalHighWord] = stamp.physicalHigh;
  words[at + messageHeader.logicalWord] = stamp.logical;
  words[at + messageHeader.nodeWord] = stamp.node;
}

export function writeRoute(
  words: Uint32Array,
  at: number,
  source: number,
  destination: number,
  deadlineMs: number,
): void {
  words[at + messageHeader.sourceWord] = source;
  words[at + messageHeader.destinationWord] = destination;
  words[at + messageHeader.deadlineMsWord] = deadlineMs;
}

export function writeSequence(words: Uint32Array, at: number, sequence: number): void {
  words[at + messageHeader.sequenceWord] = sequence;
}

export function writeChecksum(words: Uint32Array, at: number, checksum: number): void {
  words[at + messageHeader.checksumWord] = checksum;
}

export function writeHops(words: Uint32Array, at: number, hops: number): void {
  const word = words[at + messageHeader.hopsWord] ?? 0;
  const cleared = word & ~(0xff << messageHeader.hopsShift);
  words[at + messageHeader.hopsWord] = cleared | ((hops & 0xff) << messageHeader.hopsShift);
}

export function writeFlags(words: Uint32Array, at: number, flags: number): void {
  const word = words[at + messageHeader.flagsWord] ?? 0;
  words[at + messageHeader.flagsWord] = (word & 0xffff) | (flags << messageHeader.flagsShift);
}

export function readSequence(words: Uint32Array, at: number): number {
  return words[at + messageHeader.sequenceWord] as number;
}

export function readTypeId(words: Uint32Array, at: number): number {
  return words[at + messageHeader.typeIdWord] as number;
}

export function readPayloadBytes(words: Uint32Array, at: number): number {
  return words[at + messageHeader.payloadBytesWord] as number;
}

export function readPriority(words: Uint32Array, at: number): number {
  return (words[at + messageHeader.priorityWord] as number) & 0xff;
}

export function readHops(words: Uint32Array, at: number): number {
  return ((words[at + messageHeader.hopsWord] as number) >>> messageHeader.hopsShift) & 0xff;
}

export function readFlags(words: Uint32Array, at: number): number {
  return (words[at + messageHeader.flagsWord] as number) >>> messageHeader.flagsShift;
}

export function readSource(words: Uint32Array, at: number): number {
  return words[at + messageHeader.sourceWord] as number;
}

export function readDestination(words: Uint32Array, at: number): number {
  return words[at + messageHeader.destinationWord] as number;
}

/** Milliseconds after the device's epoch, 0 = none. */
export function readDeadlineMs(words: Uint32Array, at: number): number {
  return words[at + messageHeader.deadlineMsWord] as number;
}

export function readChecksum(words: Uint32Array, at: number): number {
  return words[at + messageHeader.checksumWord] as number;
}

/** All fields of a header. 64-bit ids are two u32 each; see `idToBigInt`. */
export interface MessageHeader extends HlcStamp {
  readonly sequence: number;
  readonly typeId: number;
  readonly payloadBytes: number;
  readonly priority: number;
  readonly hops: number;
  readonly flags: number;
  readonly messageIdLow: number;
  readonly messageIdHigh: number;
  readonly correlationLow: number;
  readonly correlationHigh: number;
  readonly source: number;
  readonly destination: number;
  readonly deadlineMs: number;
  readonly checksum: number;
}

export function writeHeader(words: Uint32Array, at: number, header: MessageHeader): void {
  const { typeId, payloadBytes, priority, hops, flags } = header;
  writeKind(words, at, typeId, payloadBytes, priority, hops, flags);
  writeMessageId(words, at, header.messageIdLow, header.messageIdHigh);
  writeCorrelation(words, at, header.correlationLow, header.correlationHigh);
  writeStamp(words, at, header);
  writeRoute(words, at, header.source, header.destination, header.deadlineMs);
  writeChecksum(words, at, header.checksum);
  writeSequence(words, at, header.sequence);
}

/** Reads all fields into a new object: for frames, logs and tests. */
export function readHeader(words: Uint32Array, at: number): MessageHeader {
  const word = (index: number) => words[at + index] as number;
  return {
    sequence: readSequence(words, at),
    typeId: readTypeId(words, at),
    payloadBytes: readPayloadBytes(words, at),
    priority: readPriority(words, at),
    hops: readHops(words, at),
    flags: readFlags(words, at),
    messageIdLow: word(messageHeader.messageIdLowWord),
    messageIdHigh: word(messageHeader.messageIdHighWord),
    correlationLow: word(messageHeader.correlationLowWord),
    correlationHigh: word(messageHeader.correlationHighWord),
    physicalLow: word(messageHeader.physicalLowWord),
    physicalHigh: word(messageHeader.physicalHighWord),
    logical: word(messageHeader.logicalWord),
    node: word(messageHeader.nodeWord),
    source: readSource(words, at),
    destination: readDestination(words, at),
    deadlineMs: readDeadlineMs(words, at),
    checksum: readChecksum(words, at),
  };
}
