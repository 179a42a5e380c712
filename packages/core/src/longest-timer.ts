/** The longest that `setTimeout` and `setInterval` can wait, milliseconds (24.8 days): asked for more they ring at once. */
export const longestTimerMs: number = 2 ** 31 - 1;
