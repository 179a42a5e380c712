import { longestTimerMs } from '../longest-timer.ts';

/** A time that is not waited beyond. */
export interface TimeLimit {
  readonly over: boolean;
  /** Whether the promise resolved in time. */
  within(promise: Promise<unknown>): Promise<boolean>;
  /** Nobody waits any more. */
  clear(): void;
}

/** So many milliseconds from now; never, if that is more than a timer can wait (24 days). */
export function timeLimit(ms: number): TimeLimit {
  let over = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const passed = new Promise<false>((resolve) => {
    if (ms > longestTimerMs) return;
    timer = setTimeout(() => {
      over = true;
      resolve(false);
    }, ms);
  });
  return {
    get over() {
      return over;
    },
    within: (promise) => Promise.race([promise.then(() => true), passed]),
    clear: () => clearTimeout(timer),
  };
}
