export const LIMITS = { low: -3, high: 40 };
export const weights: readonly number[] = [0.25, 0.5, 1, 2];
export const STEP = 3;

export function clampTo(x: number, low: number, high: number): number {
  if (x < low) return low;
  if (x > high) return high;
  return x;
}

export default function twice(x: number): number {
  return x + x;
}

export const parity = (n: number): boolean => n % 2 === 0;
