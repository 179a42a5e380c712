import {
  javascriptAtomics,
  messageHeader,
  openAtomicWords,
  RecordConsumer,
  RecordProducer,
  recordRingBytes,
  type SharedMemory,
} from '@ringkernel/core';

/** Slots of the rings, as in peers/ring.cpp. */
export const capacity = 1024;
export type Kind = 'javascript' | 'webassembly';

/** Two rings and behind them a line with the word by which a thread says that it is ready. */
export const places = {
  there: 0,
  back: recordRingBytes(capacity),
  ready: 2 * recordRingBytes(capacity),
  sizeBytes: 2 * recordRingBytes(capacity) + 64,
} as const;

/** What a thread is asked to do: `same` does all of it, `send` meets `take`, `ask` meets `echo`. */
export interface EndTask {
  readonly memory: SharedMemory;
  readonly kind: Kind;
  readonly role: 'same' | 'send' | 'take' | 'ask' | 'echo';
  readonly count: number;
  readonly batch: number;
}

function atomics(memory: SharedMemory, kind: Kind) {
  return kind === 'webassembly' ? openAtomicWords(memory) : javascriptAtomics(memory.buffer);
}

/** Writes messages of 64 bytes, all of them, as the C++ peer does. */
export class Source {
  readonly producer: RecordProducer;
  readonly #doubles: Float64Array;
  readonly #words: Int32Array;

  constructor(memory: SharedMemory, byteOffset: number, kind: Kind) {
    this.producer = new RecordProducer(memory, byteOffset, atomics(memory, kind));
    this.#doubles = new Float64Array(memory.buffer);
    this.#words = new Int32Array(memory.buffer);
  }

  send(value: number): void {
    let offset = this.producer.claim(1);
    while (offset < 0) {
      this.producer.publish();
      offset = this.producer.claim(1);
    }
    const at = offset >>> 3;
    const doubles = this.#doubles;
    doubles[at] = value;
    this.#words[(offset >>> 2) + messageHeader.payloadBytesWord] = 0;
    this.#words[(offset >>> 2) + messageHeader.flagsWord] = 1;
    doubles[at + 2] = value;
    doubles[at + 3] = value + 1;
    doubles[at + 4] = value + 2;
    doubles[at + 5] = value + 3;
    doubles[at + 6] = value + 4;
    doubles[at + 7] = value + 5;
  }
}

/** Reads and adds up the messages of a `Source`. */
export class Sink {
  readonly consumer: RecordConsumer;
  readonly #doubles: Float64Array;

  constructor(memory: SharedMemory, byteOffset: number, kind: Kind) {
    this.consumer = new RecordConsumer(memory, byteOffset, atomics(memory, kind));
    this.#doubles = new Float64Array(memory.buffer);
  }

  receive(): number {
    let offset = this.consumer.peek();
    while (offset < 0) offset = this.consumer.peek();
    const at = offset >>> 3;
    const d = this.#doubles as ArrayLike<number> as number[];
    const low = (d[at] as number) + (d[at + 2] as number) + (d[at + 3] as number);
    const high = (d[at + 4] as number) + (d[at + 5] as number) + (d[at + 6] as number);
    const sum = low + high + (d[at + 7] as number);
    this.consumer.release(this.consumer.slotsAt(offset));
    return sum;
  }
}
