export const LIMIT = 100;

export const weights = [0.25, 0.25, 0.25];

export const clampTo = (x: number, low: number, high: number): number =>
  Math.min(Math.max(x, low), high);
