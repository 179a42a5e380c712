import { SchemaError } from './errors.ts';
import { FbsError, type FbsToken, lexFbs } from './fbs-lexer.ts';
import { array, type ElementType, type FieldType, type StructType, struct } from './fields.ts';
import { draftLayout, isName } from './layout-of.ts';
import { bool, f32, f64, i8, i16, i32, i64, type ScalarType, u8, u16, u32, u64 } from './words.ts';

const scalars: ReadonlyMap<string, ScalarType> = new Map<string, ScalarType>([
  ['bool', bool],
  ['byte', i8],
  ['int8', i8],
  ['ubyte', u8],
  ['uint8', u8],
  ['short', i16],
  ['int16', i16],
  ['ushort', u16],
  ['uint16', u16],
  ['int', i32],
  ['int32', i32],
  ['uint', u32],
  ['uint32', u32],
  ['long', i64],
  ['int64', i64],
  ['ulong', u64],
  ['uint64', u64],
  ['float', f32],
  ['float32', f32],
  ['double', f64],
  ['float64', f64],
]);

/** Why each of these can't be imported. */
const unsupported: Readonly<Record<string, string>> = {
  table: 'tables have no fixed layout: only structs can be messages or states',
  union: 'unions have no fixed layout: only structs can be messages or states',
  root_type: 'a root type is a table, which has no fixed layout',
  include: 'only one text is read: put the included declarations in front of it',
  rpc_service: 'services are made of tables, which have no fixed layout',
  file_identifier: 'file identifiers belong to tables, which have no fixed layout',
  file_extension: 'file extensions belong to tables, which have no fixed layout',
  string: 'strings have no fixed length: use an array, [ubyte:32]',
};

/** flatc's limit: the length must fit 16 bits. */
const maxFbsArrayLength = 65_535;

class Parser {
  readonly structs: Record<string, StructType> = {};
  readonly #types = new Map<string, ElementType>(scalars);
  /** Those that leave the layout as it is: `key` sorts vectors, `bit_flags` numbers an enum's values. */
  readonly #attributes = new Set(['key', 'bit_flags']);
  readonly #tokens: readonly FbsToken[];
  #next = 0;
  #namespace: readonly string[] = [];

  constructor(text: string) {
    this.#tokens = lexFbs(text);
  }

  file(): void {
    while (this.#peek().kind !== 'end') this.#declaration();
  }

  #declaration(): void {
    const token = this.#take();
    switch (token.text) {
      case 'namespace':
        this.#namespace = this.#peek().text === ';' ? [] : this.#dottedName().split('.');
        this.#expect(';');
        return;
      case 'attribute': {
        const name = this.#take();
        if (name.kind !== 'word' && name.kind !== 'string') this.#refuse('an attribute', name);
        this.#attributes.add(name.text.replaceAll('"', ''));
        this.#expect(';');
        return;
      }
      case 'enum':
        this.#enum();
        return;
      case 'struct':
        this.#struct();
        return;
      default:
        this.#refuseUnsupported(token);
        this.#refuse('struct, enum, namespace or attribute', token);
    }
  }

  /** An enum is its integer type: the names of its values are not imported. */
  #enum(): void {
    const name = this.#declaredName();
    this.#expect(':');
    const token = this.#take();
    const type = scalars.get(token.text);
    if (type === undefined || type === f32 || type === f64 || type === bool) {
      this.#refuse('an integer type', token);
    }
    this.#metadata();
    this.#expect('{');
    while (this.#peek().text !== '}') {
      this.#word('a value of the enum');
      if (this.#accept('=')) this.#take();
      if (!this.#accept(',')) break;
    }
    this.#expect('}');
    this.#types.set(name, type);
  }

  #struct(): void {
    const start = this.#peek();
    const name = this.#declaredName();
    const forced = this.#metadata();
    this.#expect('{');
    const fields: Record<string, FieldType> = {};
    while (!this.#accept('}')) this.#field(fields);
    if (Object.keys(fields).length === 0) {
      throw new FbsError('RK_FBS_SYNTAX', `struct ${name}: wanted a field, found none`, start);
    }
    const align = this.#natural(name, fields, start);
    if (forced !== undefined && forced.align !== align) {
      const message = `struct ${name}: force_align: ${forced.align} is not supported`;
      const hint = `its natural alignment is ${align}; add a field of padding instead`;
      throw new FbsError('RK_FBS_UNSUPPORTED', message, forced.at, { hint });
    }
    const type = struct(Object.freeze(fields));
    this.#types.set(name, type);
    this.structs[name] = type;
  }

  #natural(name: string, fields: Record<string, FieldType>, at: FbsToken): number {
    try {
      return draftLayout(fields, name).align;
    } catch (cause) {
      if (!(cause instanceof SchemaError)) throw cause;
      throw new FbsError(cause.code, cause.message, at, { cause });
    }
  }

  #field(fields: Record<string, FieldType>): void {
    const name = this.#word('a field name');
    if (!isName(name.text) || Object.hasOwn(fields, name.text)) {
      this.#refuse('a field name that is not taken', name);
    }
    this.#expect(':');
    fields[name.text] = this.#type();
    const sign = this.#peek();
    if (sign.text === '=') {
      throw new FbsError('RK_FBS_UNSUPPORTED', 'fields of structs have no default value', sign);
    }
    const forced = this.#metadata();
    if (forced !== undefined) {
      throw new FbsError('RK_FBS_UNSUPPORTED', 'force_align belongs to structs', forced.at);
    }
    this.#expect(';');
  }

  #type(): FieldType {
    if (!this.#accept('[')) return this.#named();
    if (this.#peek().text === '[') {
      throw new FbsError('RK_FBS_UNSUPPORTED', 'an array can not hold arrays', this.#peek(), {
        hint: 'wrap the inner array in a struct',
      });
    }
    const element = this.#named();
    const sign = this.#peek();
    if (sign.text === ']') {
      throw new FbsError('RK_FBS_UNSUPPORTED', 'vectors have no fixed length', sign, {
        hint: 'give the array a length: [float:4]',
      });
    }
    this.#expect(':');
    const token = this.#take();
    const length = token.kind === 'number' ? Number(token.text) : Number.NaN;
    if (!Number.isInteger(length) || length < 1 || length > maxFbsArrayLength) {
      this.#refuse(`an array length from 1 to ${maxFbsArrayLength}`, token);
    }
    this.#expect(']');
    return array(element, length);
  }

  /** A scalar, or an enum or struct declared before: in this namespace or one around it, as flatc looks it up. */
  #named(): ElementType {
    const token = this.#peek();
    const name = this.#dottedName();
    for (let depth = this.#namespace.length; depth >= 0; depth--) {
      const type = this.#types.get([...this.#namespace.slice(0, depth), name].join('.'));
      if (type !== undefined) return type;
    }
    this.#refuseUnsupported(token);
    const message = `wanted a scalar, or a struct or enum declared above, found ${name}`;
    throw new FbsError('RK_FBS_TYPE', message, token, {
      hint: 'like flatc, this reads structs in order: declare a struct before it is used',
    });
  }

  /** `(name, name: value)`. Returns `force_align`, if there; other attributes must not change the layout. */
  #metadata(): { readonly align: number; readonly at: FbsToken } | undefined {
    let forced: { readonly align: number; readonly at: FbsToken } | undefined;
    if (!this.#accept('(')) return forced;
    do {
      const name = this.#take();
      if (name.kind !== 'word' && name.kind !== 'string') this.#refuse('an attribute', name);
      const value = this.#accept(':') ? this.#take() : undefined;
      const text = name.text.replaceAll('"', '');
      if (text === 'force_align') {
        if (value?.kind !== 'number') this.#refuse('force_align: a number', value ?? name);
        forced = { align: Number(value.text), at: name };
      } else if (!this.#attributes.has(text)) {
        const message = `the attribute ${text} is not supported`;
        const hint = `declare it (attribute "${text}";) if it does not change the layout`;
        throw new FbsError('RK_FBS_UNSUPPORTED', message, name, { hint });
      }
    } while (this.#accept(','));
    this.#expect(')');
    return forced;
  }

  #declaredName(): string {
    const token = this.#word('a name');
    const name = [...this.#namespace, token.text].join('.');
    if (!isName(token.text) || this.#types.has(name) || scalars.has(token.text)) {
      this.#refuse('a name that is not taken', token);
    }
    return name;
  }

  #dottedName(): string {
    let name = this.#word('a name').text;
    while (this.#accept('.')) name += `.${this.#word('a name').text}`;
    return name;
  }

  #word(wanted: string): FbsToken {
    const token = this.#take();
    if (token.kind !== 'word') this.#refuse(wanted, token);
    return token;
  }

  #peek(): FbsToken {
    // `end` is never taken, so there is always a token here.
    return this.#tokens[this.#next] as FbsToken;
  }

  #take(): FbsToken {
    const token = this.#peek();
    if (token.kind !== 'end') this.#next++;
    return token;
  }

  #accept(sign: string): boolean {
    const token = this.#peek();
    if (token.kind !== 'sign' || token.text !== sign) return false;
    this.#next++;
    return true;
  }

  #expect(sign: string): void {
    if (!this.#accept(sign)) this.#refuse(`"${sign}"`, this.#peek());
  }

  #refuse(wanted: string, found: FbsToken): never {
    const text = found.kind === 'end' || found.kind === 'string' ? found.text : `"${found.text}"`;
    throw new FbsError('RK_FBS_SYNTAX', `wanted ${wanted}, found ${text}`, found);
  }

  #refuseUnsupported(token: FbsToken): void {
    if (token.kind !== 'word' || !Object.hasOwn(unsupported, token.text)) return;
    const hint = unsupported[token.text] as string;
    throw new FbsError('RK_FBS_UNSUPPORTED', `${token.text} is not supported`, token, { hint });
  }
}

/**
 * Reads the structs of a FlatBuffers schema, by full name (`game.Vec3`). `layoutOf(structs['game.Vec3'].fields)` has
 * the bytes that flatc gives the struct. Enums become their integer type. Throws `FbsError` with line and column for
 * what is not well formed, and for what has no fixed layout: tables, unions, vectors, strings.
 *
 * Source: https://flatbuffers.dev/grammar/
 */
export function parseFbs(text: string): Readonly<Record<string, StructType>> {
  const parser = new Parser(text);
  parser.file();
  return Object.freeze(parser.structs);
}
