/** The bytes of a WebAssembly module as they are written: instructions and the numbers between them. */
export type Bytes = number[];

/** LEB128 of a whole number from 0 to 2^32 - 1. */
export function unsigned(value: number): Bytes {
  const bytes: Bytes = [];
  let rest = value;
  do {
    const low = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest === 0 ? low : low + 128);
  } while (rest !== 0);
  return bytes;
}

/** Signed LEB128 of a whole number of up to 64 bits. */
export function signed(value: bigint): Bytes {
  const bytes: Bytes = [];
  let rest = value;
  for (;;) {
    const low = Number(BigInt.asUintN(7, rest));
    rest >>= 7n;
    const done = (rest === 0n && low < 64) || (rest === -1n && low >= 64);
    bytes.push(done ? low : low + 128);
    if (done) return bytes;
  }
}

export function float32(value: number): Bytes {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return [...bytes];
}

export function float64(value: number): Bytes {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value, true);
  return [...bytes];
}

/** Bytes behind their length. */
export function sized(bytes: readonly number[]): Bytes {
  return unsigned(bytes.length).concat(bytes);
}

export function text(value: string): Bytes {
  return sized([...new TextEncoder().encode(value)]);
}

/** Entries behind their number. */
export function list(entries: readonly (readonly number[])[]): Bytes {
  return unsigned(entries.length).concat(...entries);
}

export function section(id: number, entries: readonly (readonly number[])[]): Bytes {
  return entries.length === 0 ? [] : [id, ...sized(list(entries))];
}
