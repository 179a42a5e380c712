/** Texts of functions by name. */
export type LibraryPart = Readonly<Record<string, string>>;

/** Signed arithmetic goes through the unsigned type, where it wraps. */
export function signed(type: string, unsignedType: string): LibraryPart {
  const own = `rk_${type}`;
  const wrapping = (name: string, op: string): string =>
    `RK_DEV ${own} rk_${name}_${type}(${own} a, ${own} b) { return (${own})((${unsignedType})a ${op} (${unsignedType})b); }`;
  const negated = `(${own})(0u - (${unsignedType})a)`;
  return {
    [`rk_add_${type}`]: wrapping('add', '+'),
    [`rk_sub_${type}`]: wrapping('sub', '-'),
    [`rk_mul_${type}`]: wrapping('mul', '*'),
    [`rk_neg_${type}`]: `RK_DEV ${own} rk_neg_${type}(${own} a) { return ${negated}; }`,
    [`rk_abs_${type}`]: `RK_DEV ${own} rk_abs_${type}(${own} a) { return a < 0 ? ${negated} : a; }`,
    [`rk_shl_${type}`]: `RK_DEV ${own} rk_shl_${type}(${own} a, rk_u32 n) { return (${own})((${unsignedType})a << n); }`,
    [`rk_div_${type}`]: `RK_DEV ${own} rk_div_${type}(${own} a, ${own} b) {
  return b == 0 ? a : b == -1 ? ${negated} : a / b;
}`,
    [`rk_rem_${type}`]: `RK_DEV ${own} rk_rem_${type}(${own} a, ${own} b) { return b == 0 || b == -1 ? 0 : a % b; }`,
  };
}

export function unsigned(type: string): LibraryPart {
  const own = `rk_${type}`;
  return {
    [`rk_div_${type}`]: `RK_DEV ${own} rk_div_${type}(${own} a, ${own} b) { return b == 0u ? a : a / b; }`,
    [`rk_rem_${type}`]: `RK_DEV ${own} rk_rem_${type}(${own} a, ${own} b) { return b == 0u ? 0u : a % b; }`,
  };
}

/** By the comparison, for NaN and -0 too. */
export function minMax(type: string, own: string): LibraryPart {
  return {
    [`rk_min_${type}`]: `RK_DEV ${own} rk_min_${type}(${own} a, ${own} b) { return a < b ? a : b; }`,
    [`rk_max_${type}`]: `RK_DEV ${own} rk_max_${type}(${own} a, ${own} b) { return a < b ? b : a; }`,
  };
}

/** Truncates, saturates, and makes 0 of NaN, which fails every comparison. */
export function fromFloat(type: string, own: string, f: string): LibraryPart {
  const toSigned = (to: string, end: string, most: string, least: string): string =>
    `RK_DEV rk_${to} rk_${to}_${type}(${own} a) {
  return a >= ${end}${f} ? ${most} : a > -${end}${f} ? (rk_${to})a : a == a ? ${least} : 0;
}`;
  const toUnsigned = (to: string, end: string, most: string): string =>
    `RK_DEV rk_${to} rk_${to}_${type}(${own} a) {
  return a >= ${end}${f} ? ${most} : a > 0.0${f} ? (rk_${to})a : 0u;
}`;
  const [most, least] = ['9223372036854775807ll', '(-9223372036854775807ll - 1)'];
  return {
    [`rk_i32_${type}`]: toSigned('i32', '2147483648.0', '2147483647', '(-2147483647 - 1)'),
    [`rk_i64_${type}`]: toSigned('i64', '9223372036854775808.0', most, least),
    [`rk_u32_${type}`]: toUnsigned('u32', '4294967296.0', '4294967295u'),
    [`rk_u64_${type}`]: toUnsigned('u64', '18446744073709551616.0', '18446744073709551615ull'),
  };
}
