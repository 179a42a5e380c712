import type { DeviceMessage } from '@ringkernel/core';
import { ringRecord } from '../layout/device.ts';

export const headerWords = 16;
export const headerBytes = 64;

/** What a record of the ring is: a value of `ringRecord`. */
export function kindOf(words: Int32Array, word: number): number {
  return (words[word + 3] as number) >>> 16;
}

/** The one message object that sinks get to see; it is filled anew for each record. */
export class RingMessage implements DeviceMessage {
  kind: 'emit' | 'reply' = 'emit';
  type = 0;
  instance = 0;
  correlationLow = 0;
  correlationHigh = 0;
  idLow = 0;
  idHigh = 0;
  physicalLow = 0;
  physicalHigh = 0;
  logical = 0;
  node = 0;
  priority = 0;
  readonly view: DataView;
  byteOffset = 0;
  byteLength = 0;

  constructor(buffer: ArrayBufferLike) {
    this.view = new DataView(buffer);
  }

  /** From the record whose header begins at this word. */
  fill(words: Int32Array, word: number, baseAddress: number): void {
    this.kind = kindOf(words, word) === ringRecord.reply ? 'reply' : 'emit';
    this.type = (words[word + 1] as number) >>> 0;
    this.byteLength = words[word + 2] as number;
    this.priority = (words[word + 3] as number) & 3;
    this.idLow = (words[word + 4] as number) >>> 0;
    this.idHigh = (words[word + 5] as number) >>> 0;
    this.correlationLow = (words[word + 6] as number) >>> 0;
    this.correlationHigh = (words[word + 7] as number) >>> 0;
    this.physicalLow = (words[word + 8] as number) >>> 0;
    this.physicalHigh = (words[word + 9] as number) >>> 0;
    this.logical = words[word + 10] as number;
    this.node = (words[word + 11] as number) >>> 0;
    this.instance = ((words[word + 12] as number) - baseAddress) | 0;
    this.byteOffset = (word + headerWords) * 4;
  }
}
