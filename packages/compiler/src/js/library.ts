/** The functions that generated programs share. Only those that a program uses are written into it. */
const library = {
  fround: 'const fround = Math.fround;',
  miss: `function miss(self, site, index) {
  env.fault(self, site, index >>> 0);
  return 0;
}`,
  miss64: `function miss64(self, site, index) {
  env.fault(self, site, index >>> 0);
  return 0n;
}`,
  // 0xffffffff is nobody's address: what is sent there is dead-lettered as `not-found`.
  addressOf: `function addressOf(index) {
  return index >>> 0 < env.instances ? env.baseAddress + index : 0xffffffff;
}`,
  divideI32: `function divideI32(a, b) {
  return b === 0 ? a : (a / b) | 0;
}`,
  divideU32: `function divideU32(a, b) {
  return b === 0 ? a : (a / b) >>> 0;
}`,
  remainderI32: `function remainderI32(a, b) {
  return b === 0 ? 0 : (a % b) | 0;
}`,
  remainderU32: `function remainderU32(a, b) {
  return b === 0 ? 0 : a % b;
}`,
  divideI64: `function divideI64(a, b) {
  return b === 0n ? a : BigInt.asIntN(64, a / b);
}`,
  divideU64: `function divideU64(a, b) {
  return b === 0n ? a : BigInt.asUintN(64, a / b);
}`,
  remainderI64: `function remainderI64(a, b) {
  return b === 0n ? 0n : BigInt.asIntN(64, a % b);
}`,
  remainderU64: `function remainderU64(a, b) {
  return b === 0n ? 0n : BigInt.asUintN(64, a % b);
}`,
  absI64: `function absI64(a) {
  return a < 0n ? BigInt.asIntN(64, -a) : a;
}`,
  minI32: 'function minI32(a, b) {\n  return a < b ? a : b;\n}',
  maxI32: 'function maxI32(a, b) {\n  return a < b ? b : a;\n}',
  minU32: 'function minU32(a, b) {\n  return a < b ? a : b;\n}',
  maxU32: 'function maxU32(a, b) {\n  return a < b ? b : a;\n}',
  minFloat: 'function minFloat(a, b) {\n  return a < b ? a : b;\n}',
  maxFloat: 'function maxFloat(a, b) {\n  return a < b ? b : a;\n}',
  minI64: 'function minI64(a, b) {\n  return a < b ? a : b;\n}',
  maxI64: 'function maxI64(a, b) {\n  return a < b ? b : a;\n}',
  minU64: 'function minU64(a, b) {\n  return a < b ? a : b;\n}',
  maxU64: 'function maxU64(a, b) {\n  return a < b ? b : a;\n}',
  floatToI32: `function floatToI32(x) {
  return x >= 2147483648 ? 2147483647 : x <= -2147483648 ? -2147483648 : x | 0;
}`,
  floatToU32: `function floatToU32(x) {
  return x >= 4294967296 ? 4294967295 : x > 0 ? x >>> 0 : 0;
}`,
  floatToI64: `function floatToI64(x) {
  if (x >= 9223372036854775808) return 9223372036854775807n;
  if (x <= -9223372036854775808) return -9223372036854775808n;
  return x === x ? BigInt(Math.trunc(x)) : 0n;
}`,
  floatToU64: `function floatToU64(x) {
  if (x >= 18446744073709551616) return 18446744073709551615n;
  return x > 0 ? BigInt(Math.trunc(x)) : 0n;
}`,
  // Rounds once: the low 16 bits become one sticky bit, what is left fits a double exactly.
  bigToF32: `function bigToF32(x) {
  if (BigInt.asIntN(54, x) === x) return Math.fround(Number(x));
  const sticky = BigInt.asUintN(16, x) === 0n ? 0 : 1;
  const high = Number(x >> 16n);
  return Math.fround(high % 2 === 0 ? high + sticky : high) * 65536;
}`,
  mulhiU32: `function mulhiU32(a, b) {
  const a0 = a & 65535;
  const a1 = a >>> 16;
  const b0 = b & 65535;
  const b1 = b >>> 16;
  const middle = (Math.imul(a1, b0) + (Math.imul(a0, b0) >>> 16)) >>> 0;
  const carry = (Math.imul(a0, b1) + (middle & 65535)) >>> 16;
  return (Math.imul(a1, b1) + (middle >>> 16) + carry) >>> 0;
}`,
  mulhiI32: `function mulhiI32(a, b) {
  return (mulhiU32(a >>> 0, b >>> 0) - (a < 0 ? b : 0) - (b < 0 ? a : 0)) | 0;
}`,
  rotlI32: `function rotlI32(x, n) {
  return (x << n) | (x >>> (32 - n));
}`,
  rotlU32: `function rotlU32(x, n) {
  return ((x << n) | (x >>> (32 - n))) >>> 0;
}`,
  // Philox 4x32-10 (Salmon et al., SC11): key (seed, 'Ring'), counter (draw, 0, instance, 0).
  random: `function random(self) {
  const counter = env.drawsIndex + self * env.drawsStride;
  let x0 = stateU32[counter];
  stateU32[counter] = x0 + 1;
  let x1 = 0;
  let x2 = self;
  let x3 = 0;
  let k0 = env.seed >>> 0;
  let k1 = 0x52696e67;
  for (let round = 0; round < 10; round++) {
    const high0 = mulhiU32(0xd2511f53, x0);
    const low0 = Math.imul(0xd2511f53, x0);
    const high1 = mulhiU32(0xcd9e8d57, x2);
    const low1 = Math.imul(0xcd9e8d57, x2);
    x0 = (high1 ^ x1 ^ k0) >>> 0;
    x1 = low1;
    x2 = (high0 ^ x3 ^ k1) >>> 0;
    x3 = low0;
    k0 = (k0 + 0x9e3779b9) | 0;
    k1 = (k1 + 0xbb67ae85) | 0;
  }
  return x0;
}`,
} as const;

export type LibraryName = keyof typeof library;

/** Which of them call others. */
const needs: Partial<Record<LibraryName, LibraryName>> = {
  mulhiI32: 'mulhiU32',
  random: 'mulhiU32',
};

/** The text of the named functions and of what they need, always in the same order. */
export function libraryText(used: ReadonlySet<LibraryName>): string[] {
  const all = new Set(used);
  for (const name of used) {
    const other = needs[name];
    if (other !== undefined) all.add(other);
  }
  return (Object.keys(library) as LibraryName[])
    .filter((name) => all.has(name))
    .map((name) => library[name]);
}
