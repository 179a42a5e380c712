import { type EventStream, Feed } from '../feed.ts';
import type { Kernel } from '../kernel.ts';
import type { KernelEvent } from '../kernel-event.ts';

/** Events that may wait for one listener. */
const monitorCapacity = 1_000;

/** What happens to a kernel from now on. The stream ends with the kernel. */
export function monitor(kernel: Kernel, signal: AbortSignal | undefined): EventStream<KernelEvent> {
  const feed: Feed<KernelEvent> = new Feed(kernel.room, {
    subject: `monitor of kernel '${kernel.id}'`,
    capacity: monitorCapacity,
    onFull: 'fail',
    signal,
    onEnd: () => void kernel.observers.delete(observe),
  });
  const observe = (event: KernelEvent): void => {
    feed.push(event);
    if (event.kind === 'terminated' || event.kind === 'lost') feed.end();
  };
  const { last } = kernel;
  if (last !== undefined) observe(last);
  else if (!feed.ended) kernel.observers.add(observe);
  return feed;
}
