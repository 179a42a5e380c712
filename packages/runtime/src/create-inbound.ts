import type { KernelImage } from '@ringkernel/core';
import type { Calls } from './calls.ts';
import { Correlations } from './correlations.ts';
import type { UndeliveredMessage } from './dead-letters.ts';
import { Inbound } from './inbound.ts';
import type { KernelSettings } from './kernel-settings.ts';
import { type MessageType, MessageTypes } from './message-type.ts';
import { OutputQueue } from './output-queue.ts';
import type { WaitingRoom } from './waiting.ts';

/** What that needs of the runtime. */
export interface InboundHost {
  readonly room: WaitingRoom;
  readonly calls: Calls;
  onDeadLetter(letter: UndeliveredMessage): void;
}

/** Everything from a kernel to the host, and where it waits to be received. */
export function createInbound(
  host: InboundHost,
  image: KernelImage,
  settings: KernelSettings,
): Inbound {
  const { id, baseAddress, outputQueueCapacity: capacity } = settings;
  const types = new MessageTypes(image);
  const emits = new Map([...types.emits.values()].map((type) => [type.name, type]));
  const output = new OutputQueue(capacity, (oldest) => {
    const { descriptor } = emits.get(oldest.type) as MessageType;
    inbound.overflow(oldest, descriptor.id, descriptor.layout.size);
  });
  const correlations = new Correlations(host.room, id, capacity, (answer) => {
    const { reply } = (types.byName.get(answer.type) as MessageType).descriptor;
    inbound.overflow(answer, reply?.id ?? 0, reply?.layout.size ?? 0);
  });
  const { calls } = host;
  const onDeadLetter = (letter: UndeliveredMessage) => host.onDeadLetter(letter);
  const context = { id, image, types, baseAddress, calls, correlations, output, onDeadLetter };
  const inbound: Inbound = new Inbound(context);
  return inbound;
}
