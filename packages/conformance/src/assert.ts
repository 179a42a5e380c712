import { RingKernelError } from '@ringkernel/core';

/** A backend did not do what the machine model says. */
export class ConformanceError extends RingKernelError {
  constructor(message: string) {
    super('RK_CONFORMANCE', message);
  }
}

/** Any value as one line of text; equal values give equal lines, also for bigint, NaN, -0 and byte arrays. */
export function show(value: unknown): string {
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
  if (typeof value === 'string') return JSON.stringify(value);
  if (ArrayBuffer.isView(value)) return `[${Array.from(value as Uint8Array).join(',')}]`;
  if (Array.isArray(value)) return `[${value.map(show).join(',')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([name, field]) => `${name}:${show(field)}`).join(',')}}`;
}

export function equal(actual: unknown, expected: unknown, what: string): void {
  const [found, wanted] = [show(actual), show(expected)];
  if (found !== wanted) throw new ConformanceError(`${what}: wanted ${wanted}, found ${found}`);
}

export function ok(condition: boolean, what: string): void {
  if (!condition) throw new ConformanceError(what);
}
