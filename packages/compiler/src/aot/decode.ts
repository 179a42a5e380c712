/** Turns what `JSON.parse` gave into a checked value, or throws a `DecodeError` that names the place. */
export type Decode<T> = (value: unknown, at: string) => T;

/** What a place in a file must hold and does not. */
export class DecodeError extends Error {
  constructor(at: string, wanted: string, found: unknown) {
    super(`${at}: wanted ${wanted}, found ${shown(found)}`);
  }
}

function shown(value: unknown): string {
  const json = JSON.stringify(value) ?? 'nothing';
  return json.length > 40 ? `${json.slice(0, 40)}…` : json;
}

export const text: Decode<string> = (value, at) => {
  if (typeof value === 'string') return value;
  throw new DecodeError(at, 'a string', value);
};

export const flag: Decode<boolean> = (value, at) => {
  if (typeof value === 'boolean') return value;
  throw new DecodeError(at, 'true or false', value);
};

/** A whole number from 0 to 2^32 - 1. */
export const word: Decode<number> = (value, at) => {
  if (Number.isInteger(value) && (value as number) >= 0 && (value as number) < 2 ** 32) {
    return value as number;
  }
  throw new DecodeError(at, 'a whole number from 0 to 2^32 - 1', value);
};

/** One of some strings or numbers. */
export function oneOf<const T extends string | number>(...choices: readonly T[]): Decode<T> {
  return (value, at) => {
    const found = choices.find((choice) => choice === value);
    if (found !== undefined) return found;
    throw new DecodeError(at, `one of ${choices.join(', ')}`, value);
  };
}

export function nullable<T>(decode: Decode<T>): Decode<T | null> {
  return (value, at) => (value === null ? null : decode(value, at));
}

export function list<T>(decode: Decode<T>): Decode<T[]> {
  return (value, at) => {
    if (!Array.isArray(value)) throw new DecodeError(at, 'an array', value);
    return value.map((item, i) => decode(item, `${at}[${i}]`));
  };
}

/** An object whose keys are names. */
export function record<T>(decode: Decode<T>): Decode<Record<string, T>> {
  return (value, at) => {
    const entries = Object.entries(objectAt(value, at));
    return Object.fromEntries(entries.map(([key, item]) => [key, decode(item, `${at}.${key}`)]));
  };
}

type Fields = Readonly<Record<string, Decode<unknown>>>;
type Decoded<F extends Fields> = { [K in keyof F]: ReturnType<F[K]> };

/** An object with these members, of which those in `optional` may be missing, and no others. */
export function object<F extends Fields, O extends Fields = Record<never, never>>(
  fields: F,
  optional: O = {} as O,
): Decode<Decoded<F> & Partial<Decoded<O>>> {
  const known: Fields = { ...fields, ...optional };
  return (value, at) => {
    const members = objectAt(value, at);
    const out: Record<string, unknown> = {};
    // In the order of the file, so that the same content gives the same hash.
    for (const [key, member] of Object.entries(members)) {
      if (!Object.hasOwn(known, key)) {
        throw new DecodeError(at, `only ${Object.keys(known).join(', ')}`, key);
      }
      out[key] = (known[key] as Decode<unknown>)(member, `${at}.${key}`);
    }
    for (const [key, decode] of Object.entries(fields)) {
      if (!Object.hasOwn(members, key)) decode(undefined, `${at}.${key}`);
    }
    return out as Decoded<F> & Partial<Decoded<O>>;
  };
}

/** Objects of several shapes, told apart by a member. */
export function variants<T>(key: string, shapes: Readonly<Record<string, Decode<T>>>): Decode<T> {
  const kind = oneOf(...Object.keys(shapes));
  return (value, at) => {
    const found = kind(objectAt(value, at)[key], `${at}.${key}`);
    return (shapes[found] as Decode<T>)(value, at);
  };
}

export function objectAt(value: unknown, at: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Readonly<Record<string, unknown>>;
  }
  throw new DecodeError(at, 'an object', value);
}
