import { DeviceClosedError, DeviceLimitError, NotSupportedError } from '@ringkernel/core';
import type { HostLanePort } from '../lanes/port.ts';
import { hostLaneWords, laneOwner } from '../layout/device.ts';
import type { Machine } from './machine.ts';

/** The lanes of a device that other threads can have, on the side of the thread that opened it. */
export class HostLanes {
  readonly #machine: Machine;
  readonly #deviceId: string;
  readonly #controls: readonly Int32Array[];
  #closed = false;

  constructor(machine: Machine, deviceId: string) {
    this.#machine = machine;
    this.#deviceId = deviceId;
    this.#controls = machine.hostLaneMemory.map(
      ({ buffer }) => new Int32Array(buffer, 0, hostLaneWords.sizeWords),
    );
  }

  /** The port of a lane that nobody has. */
  open(): HostLanePort {
    if (this.#closed) throw new DeviceClosedError('openHostLane');
    const { options, lockstep, nodeId, epochMs } = this.#machine.settings;
    if (lockstep) {
      const reason = 'other threads send whenever they do, rounds have a defined order';
      throw new NotSupportedError('openHostLane', reason);
    }
    const { free, offered } = laneOwner;
    const index = this.#controls.findIndex(
      (words) => Atomics.compareExchange(words, hostLaneWords.owner, free, offered) === free,
    );
    const control = this.#controls[index];
    if (control === undefined) {
      const hint = 'close one, or open the device with more hostLanes';
      const wanted = options.hostLanes + 1;
      throw new DeviceLimitError('Lanes of the host', wanted, options.hostLanes, hint);
    }
    return {
      kind: 'ringkernel-cuda-host-lane',
      deviceId: this.#deviceId,
      memory: this.#machine.hostLaneMemory[index]?.buffer as SharedArrayBuffer,
      number: index + 1,
      generation: Atomics.load(control, hostLaneWords.generation),
      capacity: options.laneCapacity,
      slotBytes: this.#machine.placement.nodeBytes,
      nodeId,
      epochMs,
      hotUs: options.hotUs,
    };
  }

  /** What is sent from now on finds a closed device. */
  close(): void {
    this.#closed = true;
    for (const words of this.#controls) Atomics.store(words, hostLaneWords.owner, laneOwner.closed);
  }
}
