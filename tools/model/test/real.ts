import { backend } from '@ringkernel/backend-cpu';
import { compile } from '@ringkernel/compiler';
import {
  actor,
  type DeviceDeadLetter,
  type DeviceMessage,
  type FullPolicy,
  type KernelSink,
  type MessageDescriptor,
  ref,
  u32,
} from '@ringkernel/core';

/** Numbers of the model: the host is sender 0, the actor sender 1. */
export const each = 3;
export const hostEach = 2;
export const total = each + hostEach;
export const capacity = 1;

const handled = 1;
const dead = 2;

const Receiver = actor('Receiver', {
  state: {},
  messages: { Item: { id: u32 } },
  emits: { Handled: { item: u32 } },
  on: {
    Item(ctx, m) {
      ctx.emit('Handled', { item: m.id });
    },
  },
});

const Sender = actor('Sender', {
  state: {},
  messages: { Go: { to: ref(() => Receiver), first: u32, count: u32 } },
  on: {
    Go(ctx, m) {
      for (let i = u32(0); i < m.count; i++) {
        if (i === 0) ctx.send(m.to, 'Item', { id: m.first + i }, { priority: 'high' });
        else ctx.send(m.to, 'Item', { id: m.first + i });
      }
    },
  },
});

/** What became of the messages of one run. */
export interface Trace {
  /** Handled and dead-lettered messages, in that order, as the model numbers them: message * 4 + how. */
  readonly events: readonly number[];
  /** Messages of the host that were refused at the door. */
  readonly refused: readonly number[];
}

/** Keeps what the receiver's worker says, in its order. */
class Events implements KernelSink {
  readonly list: number[] = [];
  message(message: DeviceMessage): void {
    this.list.push(message.view.getUint32(message.byteOffset, true) * 4 + handled);
  }
  deadLetter({ payload }: DeviceDeadLetter): void {
    this.list.push(new DataView(payload.buffer).getUint32(0, true) * 4 + dead);
  }
  fault(): void {}
}

/** What the owner of the kernel does meanwhile. */
export interface Plan {
  readonly onFull: FullPolicy;
  readonly workers: number;
  /** The receiver is stopped while the messages are sent. */
  readonly paused: boolean;
  /** The kernel is ended when all are sent, with no time to drain. */
  readonly terminated: boolean;
  /** Whether the actor or the host begins. */
  readonly hostFirst: boolean;
}

/** Sends the model's messages through the CPU backend and says what became of them. */
export async function realTrace(plan: Plan): Promise<Trace> {
  const device = await backend.open({ backendOptions: { workers: plan.workers } });
  try {
    const events = new Events();
    const launch = { queueCapacity: capacity, onFull: plan.onFull, instances: 1 };
    const receiverImage = compile(Receiver);
    const receiver = await device.launch(
      receiverImage,
      { ...launch, id: 'receiver', baseAddress: 64 },
      events,
    );
    const senderImage = compile(Sender);
    const sender = await device.launch(
      senderImage,
      { ...launch, id: 'sender', baseAddress: 128 },
      events,
    );
    await sender.activate();
    if (!plan.paused) await receiver.activate();
    const item = receiverImage.messages[0] as MessageDescriptor;
    const go = senderImage.messages[0] as MessageDescriptor;
    const options = { correlationLow: 0, correlationHigh: 0, wantsReply: false, deadlineMs: 0 };
    const actorSends = (): void => {
      const write = (view: DataView, at: number): void => {
        view.setUint32(at, 64, true);
        view.setUint32(at + 4, each, true);
        view.setUint32(at + 8, each, true);
      };
      sender.inject(0, go, write, undefined, { ...options, priority: 1 });
    };
    const refused: number[] = [];
    const hostSends = async (): Promise<void> => {
      for (let m = 0; m < hostEach; m++) {
        const write = (view: DataView, at: number): void => view.setUint32(at, m, true);
        for (;;) {
          const priority = m === 0 ? 2 : 1;
          const status = receiver.inject(0, item, write, undefined, { ...options, priority });
          if (status === 'accepted') break;
          if (status === 'full' && plan.onFull === 'wait') {
            if (plan.paused) await receiver.activate(); // nobody else would make room
            await receiver.room(0);
            continue;
          }
          receiver.refuse(1);
          refused.push(m);
          break;
        }
      }
    };
    if (plan.hostFirst) {
      await hostSends();
      actorSends();
    } else {
      actorSends();
      await hostSends();
    }
    await device.settled();
    if (plan.terminated) await receiver.terminate(0);
    else await receiver.activate();
    await device.settled();
    return { events: events.list, refused };
  } finally {
    await device.close();
  }
}
