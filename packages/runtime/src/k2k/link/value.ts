import { K2KFrameError } from './errors.ts';

/**
 * Plain values as bytes, exact also for bigint, NaN, -0 and typed arrays: a tag byte, then what belongs to it, little-
 * endian. Bytes that are no value are a `K2KFrameError`.
 */
const tag = {
  null: 0,
  undefined: 1,
  false: 2,
  true: 3,
  number: 4,
  bigint: 5,
  string: 6,
  typedArray: 7,
  array: 8,
  object: 9,
} as const;

const typedArrays = [
  Uint8Array,
  Int8Array,
  Uint16Array,
  Int16Array,
  Uint32Array,
  Int32Array,
  Float32Array,
  Float64Array,
  BigUint64Array,
  BigInt64Array,
] as const;

const deepest = 32;
const utf8 = new TextEncoder();
const strict = new TextDecoder('utf-8', { fatal: true });

class Writer {
  #bytes = new Uint8Array(256);
  #view = new DataView(this.#bytes.buffer);
  #used = 0;

  get bytes(): Uint8Array {
    return this.#bytes.slice(0, this.#used);
  }

  byte(value: number): void {
    const at = this.#claim(1); // first: it may replace the bytes
    this.#bytes[at] = value;
  }

  count(value: number): void {
    const at = this.#claim(4);
    this.#view.setUint32(at, value, true);
  }

  number(value: number): void {
    const at = this.#claim(8);
    this.#view.setFloat64(at, value, true);
  }

  run(bytes: Uint8Array): void {
    this.count(bytes.byteLength);
    const at = this.#claim(bytes.byteLength);
    this.#bytes.set(bytes, at);
  }

  #claim(length: number): number {
    const at = this.#used;
    this.#used += length;
    if (this.#used > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#used, 2 * this.#bytes.length));
      larger.set(this.#bytes);
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    return at;
  }
}

/** Throws a `TypeError` for what is no plain value: functions, symbols, instances of classes. */
export function encodeValue(value: unknown): Uint8Array {
  const writer = new Writer();
  write(writer, value, 0);
  return writer.bytes;
}

function write(to: Writer, value: unknown, depth: number): void {
  if (depth > deepest) throw new TypeError(`a value is nested more than ${deepest} deep`);
  if (value === null) to.byte(tag.null);
  else if (value === undefined) to.byte(tag.undefined);
  else if (typeof value === 'boolean') to.byte(value ? tag.true : tag.false);
  else if (typeof value === 'number') {
    to.byte(tag.number);
    to.number(value);
  } else if (typeof value === 'bigint') {
    to.byte(tag.bigint);
    to.run(utf8.encode(String(value)));
  } else if (typeof value === 'string') {
    to.byte(tag.string);
    to.run(utf8.encode(value));
  } else if (ArrayBuffer.isView(value)) writeTyped(to, value);
  else if (Array.isArray(value)) {
    to.byte(tag.array);
    to.count(value.length);
    for (const element of value) write(to, element, depth + 1);
  } else writeObject(to, value, depth);
}

function writeTyped(to: Writer, value: ArrayBufferView): void {
  const kind = typedArrays.findIndex((type) => value instanceof type);
  if (kind < 0) throw new TypeError('a view of bytes that is no typed array');
  to.byte(tag.typedArray);
  to.byte(kind);
  to.run(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
}

function writeObject(to: Writer, value: unknown, depth: number): void {
  if (typeof value !== 'object') throw new TypeError(`a ${typeof value} is no plain value`);
  const entries = Object.entries(value as object);
  to.byte(tag.object);
  to.count(entries.length);
  for (const [name, field] of entries) {
    to.run(utf8.encode(name));
    write(to, field, depth + 1);
  }
}

class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get left(): number {
    return this.#bytes.byteLength - this.#at;
  }

  byte(): number {
    return this.#view.getUint8(this.#take(1));
  }

  /** Of things that take at least a byte each. */
  count(): number {
    const count = this.#view.getUint32(this.#take(4), true);
    if (count > this.left) throw new K2KFrameError(`${count} more bytes`, `${this.left}`);
    return count;
  }

  number(): number {
    return this.#view.getFloat64(this.#take(8), true);
  }

  run(): Uint8Array {
    const length = this.count();
    const at = this.#take(length);
    return this.#bytes.slice(at, at + length);
  }

  text(): string {
    try {
      return strict.decode(this.run());
    } catch (error) {
      if (error instanceof K2KFrameError) throw error;
      throw new K2KFrameError('UTF-8', 'other bytes');
    }
  }

  #take(length: number): number {
    if (length > this.left) throw new K2KFrameError(`${length} more bytes`, `${this.left}`);
    const at = this.#at;
    this.#at += length;
    return at;
  }
}

export function decodeValue(bytes: Uint8Array): unknown {
  const reader = new Reader(bytes);
  const value = read(reader, 0);
  if (reader.left > 0) throw new K2KFrameError('the end', `${reader.left} more bytes`);
  return value;
}

function read(from: Reader, depth: number): unknown {
  if (depth > deepest) throw new K2KFrameError(`at most ${deepest} levels`, 'more');
  const what = from.byte();
  switch (what) {
    case tag.null:
      return null;
    case tag.undefined:
      return undefined;
    case tag.false:
    case tag.true:
      return what === tag.true;
    case tag.number:
      return from.number();
    case tag.bigint:
      return readBigint(from.text());
    case tag.string:
      return from.text();
    case tag.typedArray:
      return readTyped(from);
    case tag.array:
      return Array.from({ length: from.count() }, () => read(from, depth + 1));
    case tag.object:
      return readObject(from, depth);
    default:
      throw new K2KFrameError('a tag from 0 to 9', `${what}`);
  }
}

function readBigint(text: string): bigint {
  if (!/^-?\d{1,400}$/u.test(text)) throw new K2KFrameError('a whole number', `'${text}'`);
  return BigInt(text);
}

function readTyped(from: Reader): unknown {
  const kind = from.byte();
  const bytes = from.run();
  const type = typedArrays[kind];
  if (type === undefined || bytes.byteLength % type.BYTES_PER_ELEMENT !== 0) {
    throw new K2KFrameError('the bytes of a typed array', `kind ${kind} of ${bytes.byteLength}`);
  }
  return new type(bytes.buffer as ArrayBuffer);
}

function readObject(from: Reader, depth: number): object {
  const object: Record<string, unknown> = {};
  for (let count = from.count(); count > 0; count--) {
    const name = from.text();
    if (name === '__proto__') throw new K2KFrameError('the name of a field', `'${name}'`);
    object[name] = read(from, depth + 1);
  }
  return object;
}
