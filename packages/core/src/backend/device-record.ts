import { deadLetterReasons } from '../kernel/options.ts';
import { messageHeader } from '../layout/generated.ts';
import type { DeviceDeadLetter, DeviceMessage } from './contract.ts';

/** The one message object that a device shows its sinks: it is filled anew for each record, so nothing is allocated. */
export class RecordMessage implements DeviceMessage {
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
  view: DataView;
  byteOffset = 0;
  byteLength = 0;

  constructor(memory: ArrayBufferLike) {
    this.view = new DataView(memory);
  }

  /**
   * From the message header that begins at this word of the memory, its payload behind it. `words` spans the memory from its
   * first byte; `baseAddress` is the address of the kernel's first instance.
   */
  fill(words: Int32Array, word: number, baseAddress: number, kind: 'emit' | 'reply'): void {
    this.kind = kind;
    this.type = (words[word + messageHeader.typeIdWord] as number) >>> 0;
    this.byteLength = words[word + messageHeader.payloadBytesWord] as number;
    this.priority = (words[word + messageHeader.priorityWord] as number) & 3;
    this.idLow = (words[word + messageHeader.messageIdLowWord] as number) >>> 0;
    this.idHigh = (words[word + messageHeader.messageIdHighWord] as number) >>> 0;
    this.correlationLow = (words[word + messageHeader.correlationLowWord] as number) >>> 0;
    this.correlationHigh = (words[word + messageHeader.correlationHighWord] as number) >>> 0;
    this.physicalLow = (words[word + messageHeader.physicalLowWord] as number) >>> 0;
    this.physicalHigh = (words[word + messageHeader.physicalHighWord] as number) >>> 0;
    this.logical = words[word + messageHeader.logicalWord] as number;
    this.node = (words[word + messageHeader.nodeWord] as number) >>> 0;
    this.instance = ((words[word + messageHeader.sourceWord] as number) - baseAddress) | 0;
    this.byteOffset = (word << 2) + messageHeader.sizeBytes;
  }
}

/** The dead letter whose message header begins at this word, its payload copied. `reason` is an index of `deadLetterReasons`. */
export function readDeadLetter(words: Int32Array, word: number, reason: number): DeviceDeadLetter {
  const from = words.byteOffset + (word << 2) + messageHeader.sizeBytes;
  const size = words[word + messageHeader.payloadBytesWord] as number;
  return {
    reason: deadLetterReasons[reason] ?? 'invalid',
    type: (words[word + messageHeader.typeIdWord] as number) >>> 0,
    source: (words[word + messageHeader.sourceWord] as number) >>> 0,
    destination: (words[word + messageHeader.destinationWord] as number) >>> 0,
    priority: (words[word + messageHeader.priorityWord] as number) & 3,
    correlationLow: (words[word + messageHeader.correlationLowWord] as number) >>> 0,
    correlationHigh: (words[word + messageHeader.correlationHighWord] as number) >>> 0,
    payload: new Uint8Array(words.buffer).slice(from, from + size),
  };
}
