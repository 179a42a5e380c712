/**
 * A pattern of names whose levels are parted by `/`: `*` is any run of characters within a level, `?` one of them,
 * and `**` any characters across levels.
 */
export function globOf(pattern: string): RegExp {
  const source = pattern.replace(/\*\*|[*?]|[.+^${}()|[\]\\]/g, (found) => {
    if (found === '**') return '.*';
    if (found === '*') return '[^/]*';
    if (found === '?') return '[^/]';
    return `\\${found}`;
  });
  return new RegExp(`^${source}$`, 's');
}
