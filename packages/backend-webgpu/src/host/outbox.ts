import { type DeviceMessage, deadLetterReasons, type MessageIdGenerator } from '@ringkernel/core';
import { noRecord, record, recordKind } from '../text/layout.ts';
import type { Clock } from './clock.ts';
import type { GpuKernel } from './kernel.ts';

interface Place {
  readonly words: Uint32Array;
  readonly at: number;
}

/** Reasons of dead letters that go to the sender's own sink. */
const senderReasons: readonly string[] = ['not-found', 'no-reply-expected'];

/** Records of the device on their way to the sinks. */
export class Outbox {
  readonly #kernelOf: (address: number) => GpuKernel | undefined;
  readonly #ids: MessageIdGenerator;
  readonly #clock: Clock;
  readonly #sorted: boolean;
  readonly #message: HostMessage = new HostMessage();
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
      message.fill(words, at, source - kernel.base);
      message.stamp(this.#clock, words[at + record.round] as number);
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

/** The one message object that sinks get to see; it is filled anew for each record. */
class HostMessage implements DeviceMessage {
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
  view: DataView = new DataView(new ArrayBuffer(0));
  byteOffset = 0;
  byteLength = 0;

  fill(words: Uint32Array, at: number, instance: number): void {
    this.kind = kindOf(words, at) === recordKind.reply ? 'reply' : 'emit';
    this.type = words[at + record.type] as number;
    this.instance = instance;
    this.correlationLow = words[at + record.correlationLow] as number;
    this.correlationHigh = words[at + record.correlationHigh] as number;
    this.priority = (words[at + record.packed] as number) & 3;
    if (this.view.buffer !== words.buffer) this.view = new DataView(words.buffer);
    this.byteOffset = words.byteOffset + (at + record.words) * 4;
    this.byteLength = words[at + record.bytes] as number;
  }

  stamp(clock: Clock, round: number): void {
    const physical = clock.lockstep ? round : clock.physical;
    this.physicalLow = physical >>> 0;
    this.physicalHigh = Math.floor(physical / 2 ** 32);
    this.logical = clock.logical;
    this.node = clock.node;
  }
}
