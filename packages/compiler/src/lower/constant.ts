import type { Storage, ValueType } from '../ir/types.ts';

const limits: Partial<Record<Storage, readonly [bigint, bigint]>> = {
  u8: [0n, 2n ** 8n - 1n],
  i8: [-(2n ** 7n), 2n ** 7n - 1n],
  u16: [0n, 2n ** 16n - 1n],
  i16: [-(2n ** 15n), 2n ** 15n - 1n],
  i32: [-(2n ** 31n), 2n ** 31n - 1n],
  u32: [0n, 2n ** 32n - 1n],
  i64: [-(2n ** 63n), 2n ** 63n - 1n],
  u64: [0n, 2n ** 64n - 1n],
};

/** Whether a literal can be stored without loss of its upper bits. */
export function fitsStorage(value: number | bigint | boolean, storage: Storage): boolean {
  const range = limits[storage];
  if (range === undefined || typeof value === 'boolean') return true;
  if (typeof value === 'number' && !Number.isInteger(value)) return false;
  const whole = BigInt(value);
  return whole >= range[0] && whole <= range[1];
}

interface Twin {
  /** The type with the same bits. */
  readonly type: Storage;
  readonly reinterpret: (value: number | bigint) => number | bigint;
}

const twins: Partial<Record<Storage, Twin>> = {
  i32: { type: 'u32', reinterpret: (value) => Number(value) | 0 },
  u32: { type: 'i32', reinterpret: (value) => Number(value) >>> 0 },
  i64: { type: 'u64', reinterpret: (value) => BigInt.asIntN(64, BigInt(value)) },
  u64: { type: 'i64', reinterpret: (value) => BigInt.asUintN(64, BigInt(value)) },
};

/**
 * A literal as a constant of its type; undefined when it does not fit. `bits`: it may also be written as the number
 * of the other sign with the same bits, as in `x & 0xff000000` and `x ^ -1`.
 */
export function fitConstant(
  value: number | bigint | boolean,
  type: ValueType,
  bits: boolean,
): number | bigint | boolean | undefined {
  if (typeof value === 'boolean' || type === 'bool') return value;
  if (type === 'f64') return Number(value);
  if (type === 'f32') {
    const rounded = Math.fround(Number(value));
    return Number.isFinite(rounded) ? rounded : undefined;
  }
  const twin = bits ? twins[type] : undefined;
  if (twin !== undefined && fitsStorage(value, twin.type)) return twin.reinterpret(value);
  if (!fitsStorage(value, type)) return undefined;
  return type === 'i64' || type === 'u64' ? BigInt(value) : Number(value) + 0;
}

/** What to write instead of a literal that does not fit. */
export function fitHint(value: number | bigint | boolean, type: ValueType): string | null {
  const twin = twins[type];
  if (typeof value === 'boolean' || twin === undefined) return null;
  if (!fitsStorage(value, twin.type)) return typeof value === 'number' ? 'f64(x) holds it' : null;
  return `make it ${twin.type}, or write ${twin.reinterpret(value)}, which has the same bits`;
}
