import type { PlacedLayout } from './place.ts';

/**
 * 32-bit FNV-1a over everything that two sides could disagree on: names, types, offsets, sizes, constants. Words
 * of documentation don't count. Never 0, so that zeroed memory does not pass for a match.
 */
export function hashLayout(layout: PlacedLayout): number {
  const text = [
    ...layout.structs.map(
      (struct) =>
        `${struct.name}:${struct.sizeBytes}:${struct.alignBytes}{${struct.fields
          .map(({ name, type, length, offset }) => {
            const typeName = typeof type === 'string' ? type : type.name;
            return `${name}:${typeName}[${length ?? ''}]@${offset}`;
          })
          .join(';')}}`,
    ),
    ...layout.constants.map(
      (group) => `${group.name}{${group.values.map(([name, value]) => `${name}=${value}`)}}`,
    ),
  ].join('\n');
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0 || 1;
}
