/** Numeric instructions from 0x45 on, in the order of the WebAssembly specification. */
const comparisons = 'eqz eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u';
const floatComparisons = 'eq ne lt gt le ge';
const integers =
  'clz ctz popcnt add sub mul div_s div_u rem_s rem_u and or xor shl shr_s shr_u rotl rotr';
const floats = 'abs neg ceil floor trunc nearest sqrt add sub mul div min max copysign';
const numeric: readonly string[] = [
  ...names('i32', comparisons),
  ...names('i64', comparisons),
  ...names('f32', floatComparisons),
  ...names('f64', floatComparisons),
  ...names('i32', integers),
  ...names('i64', integers),
  ...names('f32', floats),
  ...names('f64', floats),
  ...names('i32', 'wrap_i64 trunc_f32_s trunc_f32_u trunc_f64_s trunc_f64_u'),
  ...names('i64', 'extend_i32_s extend_i32_u trunc_f32_s trunc_f32_u trunc_f64_s trunc_f64_u'),
  ...names('f32', 'convert_i32_s convert_i32_u convert_i64_s convert_i64_u demote_f64'),
  ...names('f64', 'convert_i32_s convert_i32_u convert_i64_s convert_i64_u promote_f32'),
];

const memory: readonly string[] = [
  ...['i32.load', 'i64.load', 'f32.load', 'f64.load'],
  ...names('i32', 'load8_s load8_u load16_s load16_u'),
  ...names('i64', 'load8_s load8_u load16_s load16_u load32_s load32_u'),
  ...['i32.store', 'i64.store', 'f32.store', 'f64.store', 'i32.store8', 'i32.store16'],
];

const plain: Readonly<Record<number, string>> = {
  5: 'else',
  11: 'end',
  15: 'return',
  26: 'drop',
  27: 'select',
};

const indexed: Readonly<Record<number, string>> = {
  12: 'br',
  13: 'br_if',
  16: 'call',
  32: 'local.get',
  33: 'local.set',
  34: 'local.tee',
  35: 'global.get',
};

const blocks: Readonly<Record<number, string>> = { 2: 'block', 3: 'loop', 4: 'if' };
const valueTypes: Readonly<Record<number, string>> = {
  127: 'i32',
  126: 'i64',
  125: 'f32',
  124: 'f64',
};

function names(type: string, list: string): string[] {
  return list.split(' ').map((name) => `${type}.${name}`);
}

/** Reads what `emitWebAssembly` writes: enough of the binary format for that, and an error for anything else. */
class Reader {
  at: number;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array, at = 0) {
    this.#bytes = bytes;
    this.at = at;
  }

  get done(): boolean {
    return this.at >= this.#bytes.length;
  }

  byte(): number {
    const byte = this.#bytes[this.at++];
    if (byte === undefined) throw new RangeError('the bytes end too early');
    return byte;
  }

  /** LEB128, signed or not. */
  whole(isSigned = false): bigint {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.byte();
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return isSigned && byte >= 64 ? value - (1n << (shift + 7n)) : value;
    }
  }

  index(): number {
    return Number(this.whole());
  }

  float(size: 4 | 8): number {
    const view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset + this.at, size);
    this.at += size;
    return size === 4 ? view.getFloat32(0, true) : view.getFloat64(0, true);
  }
}

function instruction(reader: Reader): string {
  const code = reader.byte();
  const simple = plain[code] ?? numeric[code - 0x45];
  if (simple !== undefined) return simple;
  const withIndex = indexed[code];
  if (withIndex !== undefined) return `${withIndex} ${reader.index()}`;
  const block = blocks[code];
  if (block !== undefined) {
    const result = valueTypes[reader.byte()];
    return result === undefined ? block : `${block} (result ${result})`;
  }
  const access = memory[code - 0x28];
  if (access !== undefined) {
    reader.index(); // Alignment.
    const offset = reader.index();
    return offset === 0 ? access : `${access} offset=${offset}`;
  }
  if (code === 0x41) return `i32.const ${reader.whole(true)}`;
  if (code === 0x42) return `i64.const ${reader.whole(true)}`;
  if (code === 0x43) return `f32.const ${reader.float(4)}`;
  if (code === 0x44) return `f64.const ${reader.float(8)}`;
  if (code === 0xfc) {
    const operation = reader.index();
    if (operation < 8) return `trunc_sat ${operation}`;
    reader.at += operation === 10 ? 2 : 1;
    return operation === 10 ? 'memory.copy' : 'memory.fill';
  }
  throw new RangeError(`no name for instruction 0x${code.toString(16)} at byte ${reader.at - 1}`);
}

function body(reader: Reader): string[] {
  const size = reader.index();
  const end = reader.at + size;
  const locals = Array.from({ length: reader.index() }, () => {
    const count = reader.index();
    return `(local ${count} ${valueTypes[reader.byte()]})`;
  });
  const lines = locals.map((line) => `  ${line}`);
  let depth = 1;
  while (reader.at < end) {
    const line = instruction(reader);
    if (line === 'end' || line === 'else') depth--;
    if (depth > 0) lines.push(`${'  '.repeat(depth)}${line}`);
    if (line === 'else' || /^(block|loop|if)\b/.test(line)) depth++;
  }
  return lines;
}

/** The functions of a WebAssembly module as text, much like WAT. `functionNames`: of the functions, in order. */
export function disassemble(bytes: Uint8Array, functionNames: readonly string[]): string[] {
  const reader = new Reader(bytes, 8);
  while (!reader.done) {
    const id = reader.byte();
    const size = reader.index();
    if (id !== 10) {
      reader.at += size;
      continue;
    }
    const functions = Array.from({ length: reader.index() }, () => body(reader));
    return functions.map((lines, i) => `(func $${functionNames[i] ?? i}\n${lines.join('\n')})\n`);
  }
  throw new RangeError('the module has no code');
}
