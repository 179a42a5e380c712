import {
  type AnyDefinition,
  type Codec,
  codecOf,
  DeviceClosedError,
  InvalidOptionError,
  type LanePort,
  type MessageDescriptor,
  MessageIdGenerator,
  type MessagesOf,
  MessageTooLargeError,
  type RingKernelError,
  type StructLayout,
} from '@ringkernel/core';
import { HostLaneError } from '../errors.ts';
import { HostClock, nowUs } from '../host/clock.ts';
import { Lane } from '../host/lane.ts';
import { headerBytes, headerWords } from '../host/message.ts';
import { Ring } from '../host/ring.ts';
import { hostLaneWords, laneFlags, laneOwner } from '../layout/device.ts';
import { Calls } from './calls.ts';
import { LaneInstance } from './lane-instance.ts';
import {
  callDelivery,
  type LaneCallOptions,
  type LaneDelivery,
  type LaneSendOptions,
  sendDelivery,
} from './options.ts';
import type { HostLanePort } from './port.ts';

const replyWanted = 1 << 16;
/** Threads of message ids: 0 is the opener's, 1 the device's. */
const firstThread = 2;
/** Records taken in one turn of the event loop, so that others get theirs. */
const turnRecords = 1024;
/** How often it is looked when nothing has come for a while. */
const lookMs = 1;

/**
 * A thread's own way to a device: its messages and replies pass no other thread. What is sent by one lane to one instance
 * with one priority stays in order. A full mailbox does what its kernel's policy says, as for messages of other actors.
 */
export class HostLane {
  readonly #number: number;
  readonly #control: Int32Array;
  readonly #lane: Lane;
  readonly #ring: Ring;
  readonly #calls: Calls;
  readonly #clock: HostClock;
  /** Whether the clock is told when this turn of the event loop is over. */
  #expires = false;
  #lastLayout: StructLayout | null = null;
  #lastCodec: Codec<unknown, unknown> | null = null;
  readonly #ids: MessageIdGenerator;
  readonly #hotUs: number;
  readonly #epochMs: number;
  /** Replies that fit in the ring, when each call has a fault besides. */
  readonly #mostCalls: number;
  /** Records of calls that wait for room, in order. */
  readonly #line: Int32Array[] = [];
  readonly #rooms: (() => void)[] = [];
  #hotUntil = 0;
  #turning = false;
  #closed = false;

  constructor(port: HostLanePort) {
    const { memory, number, generation, capacity, slotBytes, nodeId, hotUs, epochMs } = port;
    this.#number = number;
    this.#hotUs = hotUs;
    this.#epochMs = epochMs;
    this.#mostCalls = capacity / 2;
    const control = new Int32Array(memory, 0, hostLaneWords.sizeWords);
    const { offered, connected } = laneOwner;
    const own = Atomics.load(control, hostLaneWords.generation) === generation;
    if (Atomics.load(control, hostLaneWords.owner) === laneOwner.closed) {
      throw new DeviceClosedError('connectHostLane');
    }
    const { owner } = hostLaneWords;
    if (!own || Atomics.compareExchange(control, owner, offered, connected) !== offered) {
      throw new HostLaneError(number, 'another one has it, or had it and closed it');
    }
    this.#control = control;
    const lane = control.byteLength;
    const ring = lane + capacity * slotBytes;
    const at = { buffer: memory };
    this.#lane = new Lane(at, control, capacity, slotBytes, () => this.#stir(), lane);
    this.#ring = new Ring(at, control, capacity, slotBytes, ring);
    this.#calls = new Calls(number, generation, new DataView(memory, ring, capacity * slotBytes));
    this.#clock = new HostClock(nodeId, 0x1_0000 - number);
    const issued =
      ((control[hostLaneWords.idsHigh] as number) >>> 0) * 2 ** 32 +
      ((control[hostLaneWords.idsLow] as number) >>> 0);
    this.#ids = new MessageIdGenerator({
      node: nodeId,
      thread: firstThread + number - 1,
      first: issued + 1,
    });
  }

  /** How many messages of this lane found no kernel at their address, as far as the device has told. */
  get undelivered(): number {
    return Atomics.load(this.#control, hostLaneWords.undelivered) >>> 0;
  }

  /** The instance at an address (`handle.address` of a runtime's handle), with the messages of its definition. */
  at<D extends AnyDefinition>(definition: D, address: number): LaneInstance<MessagesOf<D>> {
    return new LaneInstance(this, definition, address);
  }

  /**
   * Sends a message to an address: `baseAddress` of a kernel's launch plus the number of the instance. False when the lane
   * has no room: `room()` says when. Throws what `encode` of the message's codec throws for a wrong value,
   * `MessageTooLargeError`, `DeviceClosedError` and, after `close()`, `HostLaneError`.
   */
  send(
    address: number,
    message: MessageDescriptor,
    value: unknown,
    options?: LaneSendOptions,
  ): boolean {
    this.#check(address, message, 'send');
    const delivery = sendDelivery(options, this.#epochMs);
    if (!this.#hasRoom) return false;
    const { words, view } = this.#lane;
    this.#write(words, view, this.#lane.claim(), address, message, value, delivery);
    this.#lane.publish();
    return true;
  }

  /**
   * Sends a message and resolves with the fields of the reply. It waits in line while there is no room, and what is sent
   * later goes behind it. Rejects as `send` throws, with `HostCallError` when there will be no reply, and with
   * `TimeoutError`.
   */
  async call(
    address: number,
    message: MessageDescriptor,
    value: unknown,
    options: LaneCallOptions = {},
  ): Promise<unknown> {
    this.#check(address, message, 'call');
    const { reply, layout } = message;
    if (reply === undefined) {
      throw new InvalidOptionError('message', 'one that is replied to', message.name);
    }
    const delivery = callDelivery(options, this.#epochMs);
    const words = new Int32Array(headerWords + Math.ceil(layout.size / 4));
    const low = this.#calls.next();
    this.#write(words, new DataView(words.buffer), 0, address, message, value, delivery, low);
    const answer = this.#calls.expect(low, address, message, reply, delivery.timeoutMs);
    this.#line.push(words);
    this.#flush();
    this.#stir();
    try {
      return await answer;
    } catch (thrown) {
      const place = this.#line.indexOf(words); // it may have waited in line for all its time: then it is not sent
      if (place >= 0) this.#line.splice(place, 1);
      throw thrown;
    }
  }

  /** Resolves when `send` may succeed again, or can't any more. */
  room(): Promise<void> {
    if (this.#hasRoom || this.#ended('room') !== null) return Promise.resolve();
    return new Promise((resolve) => {
      this.#rooms.push(resolve);
      this.#stir();
    });
  }

  /** Gives the lane back, for another thread. What was sent is still delivered; nobody waits for replies any more. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#fail(new HostLaneError(this.#number, 'it was closed'));
    const { issued } = this.#ids;
    const { owner, generation, idsLow, idsHigh } = hostLaneWords;
    this.#control[idsLow] = issued >>> 0;
    this.#control[idsHigh] = Math.floor(issued / 2 ** 32);
    Atomics.add(this.#control, generation, 1); // first: the port of before is good for nothing any more
    Atomics.compareExchange(this.#control, owner, laneOwner.connected, laneOwner.free);
  }

  get #hasRoom(): boolean {
    return this.#line.length === 0 && this.#lane.hasRoom;
  }

  /** Why nothing can be sent any more, or null. */
  #ended(operation: string): RingKernelError | null {
    if (this.#closed) return new HostLaneError(this.#number, 'it was closed');
    const owner = Atomics.load(this.#control, hostLaneWords.owner);
    return owner === laneOwner.closed ? new DeviceClosedError(operation) : null;
  }

  #check(address: number, { name, layout }: MessageDescriptor, operation: string): void {
    const ended = this.#ended(operation);
    if (ended !== null) throw ended;
    if (!Number.isInteger(address) || address < 1 || address > 0xffff_ffff) {
      throw new InvalidOptionError('address', 'an address of an instance', address);
    }
    const most = this.#lane.payloadBytes;
    if (layout.size > most) throw new MessageTooLargeError(name, layout.size, most);
  }

  /** Writes a whole record. `correlationLow`: of a call; 0 when no reply is wanted. */
  #write(
    words: Int32Array,
    view: DataView,
    word: number,
    address: number,
    { id, layout }: MessageDescriptor,
    value: unknown,
    { priority, deadlineMs }: LaneDelivery,
    correlationLow = 0,
  ): void {
    this.#codec(layout).encode(view, word * 4 + headerBytes, value);
    const clock = this.#clock;
    clock.tick();
    if (!this.#expires) this.#expire();
    this.#ids.next();
    const isCall = correlationLow !== 0;
    words[word + 1] = id;
    words[word + 2] = layout.size;
    words[word + 3] =
      priority | (isCall ? replyWanted : 0) | (this.#number << (16 + laneFlags.shift));
    words[word + 4] = this.#ids.low;
    words[word + 5] = this.#ids.high;
    words[word + 6] = correlationLow;
    words[word + 7] = isCall ? this.#calls.correlationHigh : 0;
    words[word + 8] = clock.low;
    words[word + 9] = clock.high;
    words[word + 10] = clock.logical;
    words[word + 11] = clock.node;
    words[word + 12] = 0; // the host
    words[word + 13] = address;
    words[word + 14] = deadlineMs;
    words[word + 15] = 0; // the device knows who lives there
  }

  /** Most threads send one message after the other of the same type. */
  #codec(layout: StructLayout): Codec<unknown, unknown> {
    if (layout !== this.#lastLayout) {
      this.#lastLayout = layout;
      this.#lastCodec = codecOf(layout);
    }
    return this.#lastCodec as Codec<unknown, unknown>;
  }

  /** The wall is read again in the next turn of the event loop. */
  #expire(): void {
    this.#expires = true;
    setImmediate(() => {
      this.#expires = false;
      this.#clock.expire();
    }).unref();
  }

  /** Writes calls that wait in line, as long as there is room for them and for their replies. */
  #flush(): void {
    const written = (): number => this.#calls.size - this.#line.length;
    while (this.#line.length > 0 && this.#lane.hasRoom && written() < this.#mostCalls) {
      this.#lane.words.set(this.#line.shift() as Int32Array, this.#lane.claim());
      this.#lane.publish();
    }
  }

  #stir(): void {
    this.#hotUntil = nowUs() + this.#hotUs;
    if (this.#turning) return;
    this.#turning = true;
    setImmediate(this.#turn);
  }

  readonly #turn = (): void => {
    this.#turning = false;
    if (this.#closed) return;
    const ended = this.#ended('call'); // before the ring, so that what was replied to before is
    const taken = this.#ring.drain(turnRecords, (word) => this.#calls.take(this.#ring.words, word));
    this.#flush();
    if (ended !== null) return this.#fail(ended);
    if (this.#hasRoom) for (const resolve of this.#rooms.splice(0)) resolve();
    if (this.#calls.size === 0 && this.#rooms.length === 0) return;
    const now = nowUs();
    if (taken > 0) this.#hotUntil = now + this.#hotUs;
    this.#turning = true;
    if (now < this.#hotUntil) setImmediate(this.#turn);
    else setTimeout(this.#turn, lookMs);
  };

  #fail(error: RingKernelError): void {
    this.#line.length = 0;
    this.#calls.failAll(error);
    for (const resolve of this.#rooms.splice(0)) resolve();
  }
}

/**
 * Makes a lane of what `openHostLane` gave out, in the thread that is to have it. Throws `HostLaneError` when another one
 * has it, `DeviceClosedError`, and `InvalidOptionError` for what is no port.
 */
export function connectHostLane(port: LanePort): HostLane {
  const { kind, memory } = Object(port) as Partial<HostLanePort>;
  if (kind !== 'ringkernel-cuda-host-lane' || !(memory instanceof SharedArrayBuffer)) {
    throw new InvalidOptionError('port', 'what openHostLane() gave out', port);
  }
  return new HostLane(port as HostLanePort);
}
