import type { StructLayout, TypeLayout } from './layout.ts';

function typeText(type: TypeLayout): string {
  switch (type.kind) {
    case 'scalar':
      return type.name;
    case 'ref':
      return 'ref';
    case 'array':
      return `[${typeText(type.element)}:${type.length}]`;
    case 'struct':
      return canonicalText(type.layout);
  }
}

/**
 * A layout as text: `{count:u32,history:[{price:f32}:8],peer:ref}`. Two layouts with equal text have equal fields at
 * equal offsets. The target of a reference is not part of it.
 */
export function canonicalText(layout: StructLayout): string {
  return `{${layout.fields.map((field) => `${field.name}:${typeText(field.type)}`).join(',')}}`;
}

/**
 * 32-bit FNV-1a over the text's UTF-8 bytes, as a u32.
 * Source: http://www.isthe.com/chongo/tech/comp/fnv/
 */
export function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

/** What a message type is for; equal names with different roles are different types. */
export type MessageRole = 'message' | 'reply' | 'emit';

/** Id of a message type on the wire, a u32 that is never 0: 0 marks an empty header. */
export function messageTypeId(role: MessageRole, name: string, layout: StructLayout): number {
  const hash = fnv1a(`${role} ${name}${canonicalText(layout)}`);
  return hash === 0 ? 1 : hash;
}
