import type { DeadLetterReason, DeviceKernel, KernelCounters } from '@ringkernel/core';
import type { Flow } from './flow/flow.ts';
import type { Inbound } from './inbound.ts';

/** What was counted of a kernel, by its device and by the host; the last of it once the device counts no more. */
export class KernelCounts {
  readonly #device: DeviceKernel;
  readonly #inbound: Inbound;
  readonly #flow: Flow;
  readonly #onLateRefusal: () => void;
  #last: KernelCounters | undefined;

  /** `onLateRefusal`: a message was refused that the kernel's last counts are without, for who has added them up. */
  constructor(device: DeviceKernel, inbound: Inbound, flow: Flow, onLateRefusal: () => void) {
    this.#device = device;
    this.#inbound = inbound;
    this.#flow = flow;
    this.#onLateRefusal = onLateRefusal;
  }

  get all(): KernelCounters {
    const counters = this.#last ?? this.#device.counters();
    const deadLettered = { ...counters.deadLettered };
    for (const [reason, count] of Object.entries(this.#inbound.undelivered)) {
      deadLettered[reason as DeadLetterReason] += count;
    }
    return { ...counters, deadLettered };
  }

  /** Only where the flow counts: what actors have sent to it, and what it sent to nobody or another tenant. */
  get actorMessages(): number {
    const { sent, rejected } = this.all;
    return sent - rejected - this.#flow.taken;
  }

  /** The kernel has ended: these are the last. */
  close(): void {
    this.#last = this.#device.counters();
  }

  /** One more message that was sent and rejected. */
  refuse(): void {
    if (this.#last === undefined) return this.#device.refuse(1);
    this.#last = {
      ...this.#last,
      sent: this.#last.sent + 1,
      rejected: this.#last.rejected + 1,
    };
    this.#onLateRefusal();
  }
}
