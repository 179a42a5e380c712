import { gapsOf } from './gaps.ts';
import { halfBits, halfValue } from './half.ts';
import type { ScalarName, StructLayout, TypeLayout } from './layout.ts';
import type { Transcoder } from './table-codec.ts';
import { addressOf, validateStruct } from './validate.ts';

/** For each scalar: how a DataView is asked for it, and when a variable `x` does not fit. */
const scalars: Readonly<Record<ScalarName, { readonly method: string; readonly misfit: string }>> =
  {
    bool: { method: 'Uint8', misfit: 'x !== true && x !== false' },
    u8: { method: 'Uint8', misfit: "typeof x !== 'number' || (x & 255) !== x" },
    u16: { method: 'Uint16', misfit: "typeof x !== 'number' || (x & 65535) !== x" },
    u32: { method: 'Uint32', misfit: "typeof x !== 'number' || (x >>> 0) !== x" },
    u64: {
      method: 'BigUint64',
      misfit: "typeof x !== 'bigint' || BigInt.asUintN(64, x) !== x",
    },
    i8: { method: 'Int8', misfit: "typeof x !== 'number' || (x << 24 >> 24) !== x" },
    i16: { method: 'Int16', misfit: "typeof x !== 'number' || (x << 16 >> 16) !== x" },
    i32: { method: 'Int32', misfit: "typeof x !== 'number' || (x | 0) !== x" },
    i64: { method: 'BigInt64', misfit: "typeof x !== 'bigint' || BigInt.asIntN(64, x) !== x" },
    f16: { method: 'Uint16', misfit: "typeof x !== 'number'" },
    f32: { method: 'Float32', misfit: "typeof x !== 'number'" },
    f64: { method: 'Float64', misfit: "typeof x !== 'number'" },
  };

/** What is written for a value `x` that is not written as it is. */
const written: Partial<Record<ScalarName, string>> = { bool: 'x ? 1 : 0', f16: 'halfBits(x)' };

/**
 * Layouts can arrive as plain data; nothing of them but identifiers in quotes and whole numbers may reach the
 * generated text.
 */
function int(value: number): string {
  if (!Number.isInteger(value)) throw new TypeError(`wanted a whole number in a layout: ${value}`);
  return String(value);
}

function member(name: string): string {
  return `v[${JSON.stringify(name)}]`;
}

class Generator {
  readonly #text: string[] = [];
  readonly #indices = new Map<StructLayout, number>();

  /** Generates the functions `c…`, `w…` and `r…` of a layout and what it contains; returns their number. */
  struct(layout: StructLayout): number {
    const known = this.#indices.get(layout);
    if (known !== undefined) return known;
    const index = this.#indices.size;
    this.#indices.set(layout, index);
    this.#check(index, layout);
    this.#write(index, layout);
    this.#read(index, layout);
    return index;
  }

  text(): string {
    return this.#text.join('\n');
  }

  #check(index: number, layout: StructLayout): void {
    const lines = layout.fields.map(
      (field) => `{ const x = ${member(field.name)}; ${this.#checkType(field.type)} }`,
    );
    // Counting keys finds unknown fields without allocating; a count that differs is looked at by the slow path.
    this.#text.push(`function c${index}(v) {
      if (typeof v !== 'object' || v === null) return false;
      ${lines.join('\n')}
      let n = 0;
      for (const k in v) n++;
      return n === ${int(layout.fields.length)};
    }`);
  }

  #checkType(type: TypeLayout): string {
    switch (type.kind) {
      case 'scalar':
        return `if (${scalars[type.name].misfit}) return false;`;
      case 'ref':
        return `const y = typeof x === 'object' ? addressOf(x) : x;
          if (typeof y !== 'number' || (y >>> 0) !== y) return false;`;
      case 'struct':
        return `if (!c${this.struct(type.layout)}(x)) return false;`;
      case 'array':
        return `if (typeof x !== 'object' || x === null) return false;
          const l = x.length;
          if (typeof l !== 'number' || (l >>> 0) !== l || l > ${int(type.length)}) return false;
          for (let i = 0; i < l; i++) { const e = x[i]; { const x = e; ${this.#checkType(type.element)} } }`;
    }
  }

  #write(index: number, layout: StructLayout): void {
    const lines = layout.fields.map((field) => {
      const at = `o + ${int(field.offset)}`;
      return `{ const x = ${member(field.name)}; ${this.#writeType(field.type, at)} }`;
    });
    for (const { offset, size } of gapsOf(layout)) {
      for (let i = 0; i < size; i++) lines.push(`view.setUint8(o + ${int(offset + i)}, 0);`);
    }
    this.#text.push(`function w${index}(view, o, v) {\n${lines.join('\n')}\n}`);
  }

  #writeType(type: TypeLayout, at: string): string {
    switch (type.kind) {
      case 'scalar': {
        const value = written[type.name] ?? 'x';
        return `view.set${scalars[type.name].method}(${at}, ${value}, true);`;
      }
      case 'ref':
        return `view.setUint32(${at}, typeof x === 'object' ? addressOf(x) : x, true);`;
      case 'struct':
        return `w${this.struct(type.layout)}(view, ${at}, x);`;
      case 'array': {
        const stride = int(type.stride);
        const end = int(type.length * type.stride);
        return `const l = x.length; let p = ${at};
          for (let i = 0; i < l; i++, p += ${stride}) { const e = x[i];
            { const x = e; ${this.#writeType(type.element, 'p')} } }
          for (const q = ${at} + ${end}; p < q; p++) view.setUint8(p, 0);`;
      }
    }
  }

  #read(index: number, layout: StructLayout): void {
    const before: string[] = [];
    const members = layout.fields.map((field, i) => {
      const at = `o + ${int(field.offset)}`;
      const { type } = field;
      if (type.kind !== 'array')
        return `${JSON.stringify(field.name)}: ${this.#readType(type, at)}`;
      const p = `o + ${int(field.offset)} + i * ${int(type.stride)}`;
      before.push(`const a${i} = new Array(${int(type.length)});
        for (let i = 0; i < ${int(type.length)}; i++) a${i}[i] = ${this.#readType(type.element, p)};`);
      return `${JSON.stringify(field.name)}: a${i}`;
    });
    this.#text.push(`function r${index}(view, o) {
      ${before.join('\n')}
      return { ${members.join(', ')} };
    }`);
  }

  #readType(type: TypeLayout, at: string): string {
    switch (type.kind) {
      case 'scalar': {
        const read = `view.get${scalars[type.name].method}(${at}, true)`;
        if (type.name === 'f16') return `halfValue(${read})`;
        return type.name === 'bool' ? `${read} !== 0` : read;
      }
      case 'ref':
        return `view.getUint32(${at}, true)`;
      case 'struct':
        return `r${this.struct(type.layout)}(view, ${at})`;
      case 'array':
        throw new TypeError('an array can not hold arrays');
    }
  }
}

type Functions = Omit<Transcoder, 'check'> & { fits(value: unknown): boolean };

/**
 * Straight-line code for one layout: no loop over fields, no allocation on encode. Throws `EvalError` where code
 * generation is refused (`--disallow-code-generation-from-strings`, a content security policy).
 */
export function generatedTranscoder(layout: StructLayout, name: string): Transcoder {
  const generator = new Generator();
  const root = generator.struct(layout);
  const text = `'use strict';
${generator.text()}
return { fits: c${root}, write: w${root}, read: r${root} };`;
  const make = new Function('addressOf', 'halfBits', 'halfValue', text);
  const { fits, write, read } = make(addressOf, halfBits, halfValue) as Functions;
  return {
    // The slow path finds the place and the words, or finds that all is well with an unusual object.
    check(value) {
      if (!fits(value)) validateStruct(layout, value, name);
    },
    write,
    read,
  };
}
