import type { DeviceLaunchOptions } from '@ringkernel/core';
import { CudaDriverError, typedError } from '../errors.ts';
import {
  counterCount,
  kernelLayout,
  mailLayout,
  queueLayout,
  workerLayout,
} from '../layout/device.ts';
import { StructWriter } from '../layout/struct-writer.ts';
import type { Allocation } from '../native/addon.ts';
import { mirrorNumbers } from './counters.ts';
import type { Machine } from './machine.ts';
import { type MappedMemory, mapMemory } from './memory.ts';
import { queueCells } from './placement.ts';

const stopped = 0x8000_0000;
const none = 0xffff_ffff;
/** So many slots for messages there are for each worker of a kernel whose workers keep one. */
const slotsPerSpare = 64;
const policies = { wait: 0, reject: 1, 'drop-oldest': 2 } as const;

const up = (value: number, step: number): number => Math.ceil(value / step) * step;

/** Numbers of workers on a device: each has a clock of its own. 0 is the host. */
export interface WorkerRange {
  readonly first: number;
  readonly count: number;
}

/** The device memory of one kernel, and what of it the host sees. Made and freed while the machine is paused. */
export class KernelMemory {
  readonly slot: number;
  readonly workers: WorkerRange;
  readonly stateStride: number;
  /** For each instance: how many of the host's messages it has taken in, and how many wait. */
  readonly instanceWords: Int32Array;
  readonly mirror: Int32Array;
  readonly sizeBytes: number;
  readonly #machine: Machine;
  readonly #device: Allocation;
  readonly #mapped: MappedMemory;
  readonly #statesAt: number;
  readonly #instances: number;

  constructor(
    machine: Machine,
    slot: number,
    { first, count }: WorkerRange,
    options: DeviceLaunchOptions,
    stateBytes: number,
  ) {
    const { instances } = options;
    this.slot = slot;
    this.workers = { first, count };
    this.#machine = machine;
    this.#instances = instances;
    this.stateStride = up(Math.max(stateBytes, 1), 16);
    const cells = 2 ** Math.ceil(Math.log2(instances + 1));
    const mailAt = up(cells * 8, 256);
    this.#statesAt = up(mailAt + instances * mailLayout.sizeBytes, 256);
    const countersAt = up(this.#statesAt + instances * this.stateStride, 256);
    const beforeAt = up(countersAt + mirrorNumbers * 8, 256);
    const kept = options.rollback === true ? count : 0;
    const clocksAt = up(beforeAt + kept * this.stateStride, 256);
    const beatsAt = up(clocksAt + count * workerLayout.sizeBytes, 256);
    const scratchAt = up(beatsAt + count * 8, 256);
    const deviceBytes = scratchAt + count * machine.placement.nodeBytes;
    const wordsBytes = up(instances * 8, 256);
    const mappedBytes = wordsBytes + mirrorNumbers * 8;
    this.sizeBytes = deviceBytes + mappedBytes;
    const { addon, context, settings } = machine;
    const keepsSpares =
      !settings.lockstep && count * slotsPerSpare <= settings.options.messageSlots;
    this.#device = addon.allocateDevice(context, deviceBytes);
    this.#mapped = mapMemory(addon, context, mappedBytes, settings.options.hostMemory);
    this.instanceWords = new Int32Array(this.#mapped.buffer, 0, instances * 2);
    this.mirror = new Int32Array(this.#mapped.buffer, wordsBytes, mirrorNumbers * 2);
    const { handle, device } = this.#device;
    const at = (offset: number): bigint => device + BigInt(offset);
    addon.copyToDevice(handle, 0, queueCells(cells, 0));
    addon.copyToDevice(handle, mailAt, emptyMail(instances, options.living ?? instances));
    const writer = new StructWriter(kernelLayout)
      .u64('states', at(this.#statesAt))
      .u64('before', kept > 0 ? at(beforeAt) : 0n)
      .u64('mail', at(mailAt))
      .u64('instance_words', this.#mapped.device)
      .u64('counters', at(countersAt))
      .u64('latency', at(countersAt + counterCount * 8))
      .u64('mirror', this.#mapped.device + BigInt(wordsBytes))
      .u32('base', options.baseAddress)
      .u32('instances', instances)
      .u32('capacity', options.queueCapacity)
      .u32('policy', policies[options.onFull])
      .u32('holds', options.onFailure === 'wait' ? 1 : 0)
      .u32('keeps_spares', keepsSpares ? 1 : 0)
      .u32('tenant', options.tenant ?? 0)
      .u32('state_bytes', stateBytes)
      .u32('state_stride', this.stateStride)
      .u64('clocks', at(clocksAt))
      .u64('beats', at(beatsAt))
      .u64('scratch', at(scratchAt))
      .u32('workers', count)
      .u32('first_worker', first)
      .u32('dedicated', options.dedicated === true ? 1 : 0)
      .u32('gate', stopped);
    writer
      .inner('ready', queueLayout)
      .u64('cells', device)
      .u32('mask', cells - 1);
    const offset = machine.placement.kernels + slot * kernelLayout.sizeBytes;
    addon.copyToDevice(machine.world.handle, offset, writer.bytes);
  }

  /**
   * Takes over all states of another kernel of the same actor; nothing runs on either device. Directly where this device
   * reaches the memory of the other one, else through the host: null, or why it went that way.
   */
  async copyStatesFrom(other: KernelMemory): Promise<string | null> {
    const { addon, device, stream } = this.#machine;
    const { ordinal } = other.#machine.device;
    const bytes = this.statesBytes;
    const copyThroughHost = async (): Promise<void> =>
      addon.copyToDevice(this.#device.handle, this.#statesAt, await other.readStates());
    if (ordinal !== device.ordinal && !device.peers.includes(ordinal)) {
      await copyThroughHost();
      return `device ${device.ordinal} can't reach the memory of device ${ordinal}`;
    }
    try {
      const [to, from] = [this.#device.handle, other.#device.handle];
      await addon.copyPeer(to, this.#statesAt, from, other.#statesAt, bytes, stream);
      return null;
    } catch (thrown) {
      const refused = typedError(thrown);
      if (!(refused instanceof CudaDriverError)) throw refused;
      await copyThroughHost();
      return refused.message;
    }
  }

  /** Of all states together, as they lie in memory. */
  get statesBytes(): number {
    return this.#instances * this.stateStride;
  }

  /** Writes the state of one instance; nothing runs. */
  writeState(instance: number, bytes: Uint8Array): void {
    const offset = this.#statesAt + instance * this.stateStride;
    this.#machine.addon.copyToDevice(this.#device.handle, offset, bytes);
  }

  /** All states, one behind the other; nothing changes them meanwhile. */
  readStates(): Promise<Uint8Array> {
    const { addon, stream } = this.#machine;
    return addon.copyFromDevice(this.#device.handle, this.#statesAt, this.statesBytes, stream);
  }

  readState(instance: number, length: number): Promise<Uint8Array> {
    const { addon, stream } = this.#machine;
    const offset = this.#statesAt + instance * this.stateStride;
    return addon.copyFromDevice(this.#device.handle, offset, length, stream);
  }

  /** Gives the memory back. What the host sees of it stays readable. */
  free(): void {
    this.#machine.addon.free(this.#device.handle);
    this.#machine.addon.free(this.#mapped.handle);
  }
}

function emptyMail(instances: number, living: number): Uint8Array {
  const size = mailLayout.sizeBytes;
  const bytes = new Uint8Array(instances * size);
  const write = (life: number): Uint8Array => {
    const mail = new StructWriter(mailLayout).u32('life', life);
    for (const field of ['arrivals', 'parked_first', 'parked_last']) mail.u32(field, none);
    for (let p = 0; p < 4; p++) mail.u32('first', none, p).u32('last', none, p);
    return mail.bytes;
  };
  fillWith(bytes.subarray(0, living * size), write(0));
  fillWith(bytes.subarray(living * size), write(1));
  return bytes;
}

/** Writes the record again and again, each time twice as many. */
function fillWith(bytes: Uint8Array, record: Uint8Array): void {
  if (bytes.length === 0) return;
  bytes.set(record);
  for (let done = record.length; done < bytes.length; done *= 2) {
    bytes.copyWithin(done, 0, Math.min(done, bytes.length - done));
  }
}
