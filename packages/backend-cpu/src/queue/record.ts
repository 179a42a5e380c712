import { deadLetterReasons, messageFlag, messageHeader, senderReasons } from '@ringkernel/core';

/** Bytes of a header; the payload begins behind it. */
export const headerBytes: number = messageHeader.sizeBytes;

const hopsMask = 255 << messageHeader.hopsShift;

/** Flags as they lie in the word that they share with the priority. */
export const replyWanted: number = messageFlag.replyWanted << messageHeader.flagsShift;
export const replyRecord: number = messageFlag.reply << messageHeader.flagsShift;
export const deadLetterRecord: number = messageFlag.deadLetter << messageHeader.flagsShift;
export const faultRecord: number = messageFlag.fault << messageHeader.flagsShift;
export const skipRecord: number = messageFlag.skipRecord << messageHeader.flagsShift;

/**
 * In `hops`, the routers that a message has passed: 1 when the host sends it in the name of an actor, 0 when it comes
 * straight from its source.
 */
export const routedOnce: number = 1 << messageHeader.hopsShift;

/** Address of the thread's instance that put the record where it is, 0 = the host, whoever its source is. */
export function originAt(words: Int32Array, word: number): number {
  const routed = ((words[word + messageHeader.hopsWord] as number) & hopsMask) !== 0;
  return routed ? 0 : (words[word + messageHeader.sourceWord] as number);
}

/** The last record of a removed kernel from a worker. */
export const goodbyeRecord: number = deadLetterRecord | faultRecord;

const senderCodes: readonly number[] = senderReasons.map((why) => deadLetterReasons.indexOf(why));

/** Whether a dead letter with this code belongs to the kernel it came from. */
export function fromSender(code: number): boolean {
  return senderCodes.includes(code);
}

/** Slots of 64 bytes that a record with a payload of this many bytes takes. */
export function slotsOf(payloadBytes: number): number {
  return 1 + ((payloadBytes + 63) >>> 6);
}

/** Slots of the record whose header begins at this word. */
export function slotsAt(words: Int32Array, word: number): number {
  return 1 + (((words[word + messageHeader.payloadBytesWord] as number) + 63) >>> 6);
}

/** Priority of the record whose header begins at this word. */
export function priorityAt(words: Int32Array, word: number): number {
  return (words[word + messageHeader.priorityWord] as number) & 3;
}

/** Copies whole slots. Short records are the rule: a loop beats `set` up to a few of them. */
export function copySlots(
  from: Int32Array,
  fromWord: number,
  to: Int32Array,
  toWord: number,
  slots: number,
): void {
  const words = slots << 4;
  if (slots <= 4) for (let i = 0; i < words; i++) to[toWord + i] = from[fromWord + i] as number;
  else to.set(from.subarray(fromWord, fromWord + words), toWord);
}
