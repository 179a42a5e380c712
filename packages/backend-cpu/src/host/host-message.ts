import type { DeviceMessage } from '@ringkernel/core';
import { headerBytes, replyRecord } from '../queue/record.ts';

/** The one message object that sinks get to see; it is filled anew for each record. */
export class HostMessage implements DeviceMessage {
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

  constructor(arena: ArrayBufferLike) {
    this.view = new DataView(arena);
  }

  /** From the record whose header begins at this byte. */
  fill(words: Int32Array, offset: number, baseAddress: number): void {
    const word = offset >>> 2;
    const packed = words[word + 3] as number;
    this.kind = (packed & replyRecord) === 0 ? 'emit' : 'reply';
    this.type = (words[word + 1] as number) >>> 0;
    this.instance = ((words[word + 12] as number) - baseAddress) | 0;
    this.correlationLow = (words[word + 6] as number) >>> 0;
    this.correlationHigh = (words[word + 7] as number) >>> 0;
    this.idLow = (words[word + 4] as number) >>> 0;
    this.idHigh = (words[word + 5] as number) >>> 0;
    this.physicalLow = (words[word + 8] as number) >>> 0;
    this.physicalHigh = (words[word + 9] as number) >>> 0;
    this.logical = words[word + 10] as number;
    this.node = words[word + 11] as number;
    this.priority = packed & 3;
    this.byteOffset = offset + headerBytes;
    this.byteLength = words[word + 2] as number;
  }
}
