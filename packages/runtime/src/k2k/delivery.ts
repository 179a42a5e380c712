import {
  HandlerError,
  HandlerFaultError,
  HandlerTimeoutError,
  InvalidOptionError,
  maxDeadlineMs,
  type Schedule,
} from '@ringkernel/core';
import { type Owned, TenantMismatchError } from '../errors.ts';
import type { Kernel } from '../kernel.ts';
import type { Tenants } from '../tenants/tenants.ts';
import { statusOf } from './refusals.ts';
import type { K2KMessage, Transit } from './transit.ts';

/** What delivering needs of the runtime whose kernels get the messages. */
export interface DeliveryParts {
  /** Node id of the runtime. */
  readonly node: number;
  readonly schedule: Schedule;
  readonly tenants: Tenants;
  /** Whether it is one of the runtime's kernels that have not ended. */
  owns(kernel: Owned): boolean;
}

/** The last step of a message: into the mailbox of a kernel of this runtime. */
export class Delivery {
  readonly #parts: DeliveryParts;

  constructor(parts: DeliveryParts) {
    this.#parts = parts;
  }

  /** Ends the transit, whatever becomes of the message. */
  async deliver(transit: Transit, kernel: Kernel, instance: number): Promise<void> {
    const { node, tenants } = this.#parts;
    const { sender, options, callTimeoutMs } = transit.message;
    if (!tenants.mayTell(sender, kernel, 'k2k')) {
      transit.refused(node, 'TenantMismatch', new TenantMismatchError(sender, kernel));
      return;
    }
    if (options.deadlineMs === 0) return transit.refused(node, 'Expired');
    try {
      if (instance >= kernel.settings.instances) {
        const wanted = `0 to ${kernel.settings.instances - 1}`;
        throw new InvalidOptionError('instance', wanted, instance);
      }
      if (callTimeoutMs === undefined) await this.#send(transit, kernel, instance);
      else await this.#ask(transit, kernel, instance, callTimeoutMs);
    } catch (error) {
      transit.refused(node, this.#statusOf(error, transit.message), error);
    }
  }

  async #send(transit: Transit, kernel: Kernel, instance: number): Promise<void> {
    const { message } = transit;
    const { type, payload } = message;
    const { deliveryTimeoutMs, ...options } = message.options;
    const timeoutMs = Math.min(deliveryTimeoutMs, this.#untilMs(message));
    const how = { ...options, timeoutMs };
    const id = await kernel.outbound.send(type, instance, payload, how, this.#addressOf(message));
    transit.delivered(this.#parts.node, id);
  }

  /** The reply goes back the way the message came. */
  async #ask(transit: Transit, kernel: Kernel, instance: number, timeoutMs: number): Promise<void> {
    const { message } = transit;
    const { type, payload, options } = message;
    const { deliveryTimeoutMs: _room, dedupeId: _once, ...rest } = options;
    const how = { ...rest, timeoutMs };
    const address = this.#addressOf(message);
    try {
      const reply = await kernel.outbound.call(type, instance, payload, how, address);
      transit.answered(this.#parts.node, reply);
    } catch (error) {
      if (!isFault(error)) throw error;
      transit.failed(this.#parts.node, error);
    }
  }

  /** In lockstep a deadline is a number of rounds: the device alone can tell when it is over. */
  #untilMs({ options: { deadlineMs = maxDeadlineMs } }: K2KMessage): number {
    return this.#parts.schedule === 'lockstep' ? Number.POSITIVE_INFINITY : deadlineMs;
  }

  #statusOf(error: unknown, message: K2KMessage): ReturnType<typeof statusOf> {
    const status = statusOf(error);
    if (status !== 'Timeout' || message.callTimeoutMs !== undefined) return status;
    return this.#untilMs(message) <= message.options.deliveryTimeoutMs ? 'Expired' : status;
  }

  /** What `ctx.sender` gives: 0 for who lives on another device, where the address would be somebody else's. */
  #addressOf({ sender, address }: K2KMessage): number {
    return this.#parts.owns(sender) ? address : 0;
  }
}

/** Whether the message was handled, and its handler failed. */
function isFault(error: unknown): boolean {
  const kinds = [HandlerFaultError, HandlerTimeoutError, HandlerError];
  return kinds.some((kind) => error instanceof kind);
}
