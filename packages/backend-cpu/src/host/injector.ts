import type {
  Credit,
  DeviceLaunchOptions,
  InjectOptions,
  InjectStatus,
  MessageDescriptor,
  PayloadWriter,
} from '@ringkernel/core';
import type { KernelMemory } from '../memory/kernel-memory.ts';
import type { KernelMeter } from '../memory/meter.ts';
import type { Placement } from '../memory/placement.ts';
import type { LaneWriter } from '../queue/lane.ts';
import { headerBytes, replyWanted, routedOnce, slotsOf } from '../queue/record.ts';
import type { KernelContext } from './context.ts';
import type { Ledger } from './ledger.ts';
import type { Lifecycle } from './lifecycle.ts';

/** Records written to a lane before it is published within a turn of the caller. */
const publishEvery = 32;

/** Puts the host's messages to a kernel into the lanes of the workers that own its instances. */
export class Injector {
  /** Id of the last message that was taken. */
  readonly lastId: { low: number; high: number } = { low: 0, high: 0 };
  readonly #context: KernelContext;
  readonly #options: DeviceLaunchOptions;
  readonly #placement: Placement;
  readonly #lifecycle: Lifecycle;
  readonly #meter: KernelMeter;
  readonly #credit: Credit;
  readonly #base: number;
  readonly #view: DataView;
  /** How often each instance has begun and ended. */
  readonly #lives: Int32Array;

  constructor(
    context: KernelContext,
    options: DeviceLaunchOptions,
    placement: Placement,
    lifecycle: Lifecycle,
    ledger: Ledger,
    memory: SharedArrayBuffer,
    layout: KernelMemory,
  ) {
    this.#context = context;
    this.#options = options;
    this.#placement = placement;
    this.#lifecycle = lifecycle;
    this.#meter = ledger.meter;
    this.#credit = ledger.credit;
    this.#base = options.baseAddress;
    this.#view = new DataView(context.pump.words.buffer);
    this.#lives = new Int32Array(memory, layout.livesOffset, options.instances);
    this.#lives.fill(1, options.living ?? options.instances);
  }

  inject<T>(
    instance: number,
    message: MessageDescriptor,
    write: PayloadWriter<T>,
    value: T,
    options: InjectOptions,
  ): InjectStatus {
    if (!this.#lifecycle.takes(instance)) return 'closed';
    if (!this.#credit.has(instance)) return 'full';
    const { pump, ids, scratch } = this.#context;
    const { size } = message.layout;
    const { priority } = options;
    const lane = this.#laneTo(instance);
    let offset = lane.spill.count === 0 ? lane.claim(slotsOf(size), priority) : -1;
    const spills = offset < 0;
    if (spills) {
      if (this.#options.onFull === 'wait') return this.#crowded(lane);
      offset = scratch;
    }
    pump.begin();
    const { source = 0 } = options;
    const routed = source === 0 ? 0 : routedOnce;
    const packed = priority | routed | (options.wantsReply ? replyWanted : 0);
    this.#header(offset >>> 2, message.id, size, packed, instance, options);
    ids.next();
    pump.words[(offset >>> 2) + 4] = ids.low;
    pump.words[(offset >>> 2) + 5] = ids.high;
    this.lastId.low = ids.low;
    this.lastId.high = ids.high;
    this.#clear(offset + headerBytes, size);
    try {
      write(this.#view, offset + headerBytes, value);
    } catch (error) {
      if (!spills) lane.unclaim(priority);
      throw error;
    }
    if (spills) lane.spill.push(pump.words, offset >>> 2);
    this.#credit.spend(instance);
    const meter = this.#meter;
    meter.sent++;
    meter.pending++;
    if (!meter.dirty) this.#context.mark(meter);
    if (options.wantsReply) pump.calls++;
    pump.touch(lane);
    if (lane.pending >= publishEvery) pump.publish();
    return 'accepted';
  }

  async room(instance: number): Promise<void> {
    const lane = this.#laneTo(instance);
    await this.#context.pump.watch(
      () =>
        !this.#lifecycle.takes(instance) ||
        (this.#credit.has(instance) && lane.spill.count === 0 && lane.hasRoom()),
      true,
    );
  }

  #laneTo(instance: number): LaneWriter {
    const { owners, shift } = this.#placement;
    return this.#context.pump.writers[owners[instance >>> shift] as number] as LaneWriter;
  }

  /** The lane is full, whatever the mailbox has: the caller waits for `room`. */
  #crowded(lane: LaneWriter): InjectStatus {
    this.#context.pump.touch(lane);
    this.#context.pump.publish();
    return 'full';
  }

  #clear(offset: number, size: number): void {
    const { words } = this.#context.pump;
    const from = offset >>> 2;
    const to = (offset + size + 3) >>> 2;
    for (let word = from; word < to; word++) words[word] = 0;
  }

  #header(
    word: number,
    type: number,
    size: number,
    packed: number,
    instance: number,
    options: InjectOptions,
  ): void {
    const { words, clock } = this.#context.pump;
    clock.tick();
    words[word] = 0;
    words[word + 1] = type;
    words[word + 2] = size;
    words[word + 3] = packed;
    words[word + 6] = options.correlationLow;
    words[word + 7] = options.correlationHigh;
    words[word + 8] = clock.low;
    words[word + 9] = clock.high;
    words[word + 10] = clock.logical;
    words[word + 11] = clock.node;
    words[word + 12] = options.source ?? 0;
    words[word + 13] = this.#base + instance;
    words[word + 14] = options.deadlineMs;
    words[word + 15] = clock.lockstep ? 0 : (this.#lives[instance] as number);
  }
}
