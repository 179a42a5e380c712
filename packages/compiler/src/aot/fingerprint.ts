import { fnv1a } from '@ringkernel/core';

const mathNames = new Map<unknown, string>(
  Object.getOwnPropertyNames(Math).map((name) => [Math[name as keyof Math], name]),
);

/** Short, and different for different texts: a hash beside the length. */
export function textFingerprint(text: string): string {
  return `${fnv1a(text).toString(16).padStart(8, '0')}-${text.length}`;
}

/**
 * What a handler can see of a value from outside, as a fingerprint: numbers by their value, arrays and objects by
 * what is in them, functions by their text. Instances of classes have no content a handler could use.
 */
export function valueFingerprint(value: unknown): string {
  return textFingerprint(contentOf(value, new Set()));
}

function contentOf(value: unknown, around: Set<object>): string {
  if (typeof value === 'function') return functionContent(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (Object.is(value, -0)) return '-0';
  if (typeof value !== 'object' || value === null) return `${typeof value} ${String(value)}`;
  if (around.has(value)) return 'cycle';
  const kind = Object.prototype.toString.call(value).slice(8, -1);
  around.add(value);
  try {
    return `${kind} ${membersOf(value, kind, around)}`;
  } finally {
    around.delete(value);
  }
}

function membersOf(value: object, kind: string, around: Set<object>): string {
  if (Array.isArray(value) || (ArrayBuffer.isView(value) && kind !== 'DataView')) {
    const items = Array.from(value as ArrayLike<unknown>, (item) => contentOf(item, around));
    return `[${items.join()}]`;
  }
  const members = Object.entries(value).map(([key, member]) => {
    return `${JSON.stringify(key)}:${contentOf(member, around)}`;
  });
  return `{${members.join()}}`;
}

/** Words and mathematics by what they are; every copy and every build of them is the same. */
function functionContent(fn: object): string {
  const { kind, scalar } = fn as { kind?: unknown; scalar?: unknown };
  if (kind === 'scalar') return `word ${String(scalar)}`;
  const math = mathNames.get(fn);
  return math === undefined ? Function.prototype.toString.call(fn) : `Math.${math}`;
}
