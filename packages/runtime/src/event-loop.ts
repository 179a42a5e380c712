/** What a browser has for `setImmediate`: timers wait 4 ms there, and far longer in a page that is not seen. */
interface Channel {
  readonly port1: { onmessage: (() => void) | null };
  readonly port2: { postMessage(message: null): void };
}

const globals: {
  readonly setImmediate?: (callback: () => void) => unknown;
  readonly MessageChannel?: new () => Channel;
} = globalThis as object;

let channel: Channel | undefined;
const queued: (() => void)[] = [];

/** Calls back in the next turn of the event loop. */
export function afterTurn(callback: () => void): void {
  if (globals.setImmediate !== undefined) {
    globals.setImmediate(callback);
    return;
  }
  queued.push(callback);
  channel ??= openChannel();
  channel.port2.postMessage(null);
}

function openChannel(): Channel {
  if (globals.MessageChannel === undefined) throw new Error('there is no MessageChannel');
  const opened = new globals.MessageChannel();
  opened.port1.onmessage = () => queued.shift()?.();
  return opened;
}

/** A timer that does not keep a process of Node alive. Returns what stops it. */
export function backgroundTimer(callback: () => void, delayMs: number): () => void {
  const timer: unknown = setTimeout(callback, delayMs);
  // In a browser it is a number: nothing there ends by itself.
  if (typeof timer === 'object') (timer as NodeJS.Timeout).unref();
  return () => clearTimeout(timer as NodeJS.Timeout);
}
