/** A time that is not waited beyond. */
export interface Deadline {
  readonly over: boolean;
  /** Whether the promise resolved in time. */
  within(promise: Promise<unknown>): Promise<boolean>;
  clear(): void;
}

/** So many milliseconds from now. */
export function deadline(ms: number): Deadline {
  let over = false;
  let timer: NodeJS.Timeout | undefined;
  const passed = new Promise<false>((resolve) => {
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
