import {
  deadLetterReasons,
  type MessageIdGenerator,
  RecordMessage,
  senderReasons,
} from '@ringkernel/core';
import { noRecord, record, recordKind } from '../text/layout.ts';
import type { Clock } from './clock.ts';
import type { GpuKernel } from './kernel.ts';

interface Place {
  readonly words: Uint32Array;
  readonly at: number;
}

/** Records of the device on their way to the sinks. */
export class Outbox {
  readonly #kernelOf: (address: number) => GpuKernel | undefined;
  readonly #ids: MessageIdGenerator;
  readonly #clock: Clock;
  readonly #sorted: boolean;
  readonly #message: RecordMessage = new RecordMessage(new ArrayBuffer(0));
  #held: Place[] = [];

  constructor(
    kernelOf: (address: number) => GpuKernel | undefined,
    ids: MessageIdGenerator,
    clock: Clock,
    sorted: boolean,
  ) {
    this.#kernelOf = kernelOf;
    this.#ids = ids;
    this.#clock = clock;
    this.#sorted = sorted;
  }

  /** Takes in what a submit left. Depths are told at once, the rest when its round is complete. */
  collect(words: Uint32Array): void {
    for (let at = 0; at + record.words <= words.length; ) {
      const bytes = words[at + record.bytes] as number;
      if (bytes === noRecord) break;
      const kind = kindOf(words, at);
      if (kind === recordKind.depth) {
        const address = words[at + record.source] as number;
        this.#kernelOf(address)?.setDepth(address, words[at + record.value] as number);
      } else if (kind !== recordKind.nothing) this.#held.push({ words, at });
      at += record.words + ((bytes + 3) >>> 2);
    }
  }

  /** Hands over what was collected: by round, phase and address in lockstep, else as each instance wrote it. */
  deliver(): void {
    const held = this.#held;
    this.#held = [];
    if (this.#sorted) held.sort(byOrder);
    for (const place of held) this.#hand(place);
    this.#clock.expire();
  }

  #hand({ words, at }: Place): void {
    const kind = kindOf(words, at);
    const source = words[at + record.source] as number;
    if (kind === recordKind.deadLetter) this.#bury(words, at, source);
    else if (kind === recordKind.fault) this.#kernelOf(source)?.fault(words, at);
    else {
      const kernel = this.#kernelOf(source);
      if (kernel === undefined) return;
      this.#clock.tick();
      const message = this.#message;
      fill(message, words, at, source - kernel.base);
      stamp(message, this.#clock, words[at + record.round] as number);
      this.#ids.next();
      message.idLow = this.#ids.low;
      message.idHigh = this.#ids.high;
      kernel.sink.message(message);
    }
  }

  #bury(words: Uint32Array, at: number, source: number): void {
    const reason = deadLetterReasons[(words[at + record.packed] as number) >>> 16] ?? 'invalid';
    const destination = words[at + record.destination] as number;
    const start = words.byteOffset + (at + record.words) * 4;
    const bytes = words[at + record.bytes] as number;
    this.#kernelOf(senderReasons.includes(reason) ? source : destination)?.sink.deadLetter({
      reason,
      type: words[at + record.type] as number,
      source,
      destination,
      priority: (words[at + record.packed] as number) & 3,
      correlationLow: words[at + record.correlationLow] as number,
      correlationHigh: words[at + record.correlationHigh] as number,
      payload: new Uint8Array(words.buffer).slice(start, start + bytes),
    });
  }
}

function kindOf(words: Uint32Array, at: number): number {
  return ((words[at + record.packed] as number) >>> 8) & 0xff;
}

const keys = [record.round, record.phase, record.first, record.second] as const;

function byOrder(a: Place, b: Place): number {
  for (const key of keys) {
    const [x, y] = [a.words[a.at + key] as number, b.words[b.at + key] as number];
    if (x !== y) return x - y;
  }
  return 0;
}

/** The emission or reply whose record of the egress begins at this word. */
function fill(message: RecordMessage, words: Uint32Array, at: number, instance: number): void {
  message.kind = kindOf(words, at) === recordKind.reply ? 'reply' : 'emit';
  message.type = words[at + record.type] as number;
  message.instance = instance;
  message.correlationLow = words[at + record.correlationLow] as number;
  message.correlationHigh = words[at + record.correlationHigh] as number;
  message.priority = (words[at + record.packed] as number) & 3;
  if (message.view.buffer !== words.buffer) message.view = new DataView(words.buffer);
  message.byteOffset = words.byteOffset + (at + record.words) * 4;
  message.byteLength = words[at + record.bytes] as number;
}

function stamp(message: RecordMessage, clock: Clock, round: number): void {
  const physical = clock.lockstep ? round : clock.physical;
  message.physicalLow = physical >>> 0;
  message.physicalHigh = Math.floor(physical / 2 ** 32);
  message.logical = clock.logical;
  message.node = clock.node;
}
