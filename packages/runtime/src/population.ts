import { type Codec, type DeviceKernel, InstanceNotFoundError } from '@ringkernel/core';
import type { Calls } from './calls.ts';
import type { Correlations } from './correlations.ts';
import type { Instances } from './instances.ts';
import type { KernelLifecycle } from './kernel-lifecycle.ts';
import type { WaitingRoom } from './waiting.ts';

/** What the coming and going of instances is about. */
export interface PopulationParts {
  readonly id: string;
  readonly room: WaitingRoom;
  readonly calls: Calls;
  readonly correlations: Correlations;
  readonly device: DeviceKernel;
  readonly instances: Instances;
  readonly lifecycle: KernelLifecycle;
  readonly stateCodec: Codec;
}

/** Instances of a kernel come and go and start over; their states. */
export class Population {
  readonly #parts: PopulationParts;

  constructor(parts: PopulationParts) {
    this.#parts = parts;
  }

  /** The bytes of the state of one instance, taken between two handlers. */
  async readBytes(instance: number): Promise<Uint8Array> {
    const { room, device, instances, lifecycle } = this.#parts;
    lifecycle.checkThere();
    instances.check(instance, 'readState');
    return await room.keepAlive.during(device.readState(instance));
  }

  /** A copy of the state of one instance, decoded. */
  async readState(instance: number): Promise<unknown> {
    const bytes = await this.readBytes(instance);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return this.#parts.stateCodec.decode(view, 0);
  }

  /** Gives an instance a new state and lets it go on; undefined: zeros. */
  async restart(instance: number, state?: unknown): Promise<void> {
    await this.restartFrom(instance, this.#encoded(state));
  }

  /** The same from the bytes of a state. */
  async restartFrom(instance: number, bytes: Uint8Array | null): Promise<void> {
    const { room, device, instances, lifecycle } = this.#parts;
    lifecycle.checkThere();
    const failed = instances.hasFailed(instance);
    instances.recover(instance); // first: it may fail again before this goes on
    try {
      await room.keepAlive.during(device.restart(instance, bytes));
    } catch (error) {
      if (failed) instances.fail(instance);
      throw error;
    }
    lifecycle.followDevice();
    lifecycle.tell({ kind: 'restarted', instance });
  }

  /** Begins an instance with this state, undefined: zeros; its index. */
  async spawn(state?: unknown): Promise<number> {
    const bytes = this.#encoded(state);
    this.#parts.lifecycle.checkRuns('spawn');
    const index = this.#parts.instances.claim();
    await this.#begin(index, bytes);
    return index;
  }

  /** The same from the bytes of a state, at an index that nobody had. */
  async spawnAt(index: number, bytes: Uint8Array | null): Promise<void> {
    this.#parts.lifecycle.checkRuns('spawn');
    this.#parts.instances.claimFresh(index);
    await this.#begin(index, bytes);
  }

  /** Ends an instance. Who waits for a reply of it is told. */
  async retire(index: number): Promise<void> {
    const { id, room, calls, correlations, device, instances, lifecycle } = this.#parts;
    lifecycle.checkRuns('retire');
    instances.check(index, 'retire');
    instances.end(index);
    await room.keepAlive.during(device.retire(index));
    const error = new InstanceNotFoundError(id, index, 'reply');
    calls.failInstance(error, id, index);
    correlations.failInstance(error, index);
    instances.vacate(index);
    lifecycle.followDevice();
  }

  async #begin(index: number, bytes: Uint8Array | null): Promise<void> {
    const { room, device, instances, lifecycle } = this.#parts;
    try {
      await room.keepAlive.during(device.spawn(index, bytes));
    } catch (error) {
      instances.vacate(index);
      throw error;
    }
    instances.begin(index);
    lifecycle.followDevice();
  }

  #encoded(state: unknown): Uint8Array | null {
    if (state === undefined) return null;
    const { stateCodec } = this.#parts;
    const bytes = new Uint8Array(stateCodec.size);
    stateCodec.encode(new DataView(bytes.buffer), 0, state);
    return bytes;
  }
}
