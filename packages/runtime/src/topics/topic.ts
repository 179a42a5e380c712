import { InvalidOptionError } from '@ringkernel/core';

/** The levels of a topic that is published to: `a/b/c`, none of them empty, without wildcards. */
export function topicLevels(topic: unknown): readonly string[] {
  const levels = levelsOf('topic', topic);
  if (levels.some((level) => /[*#]/.test(level))) {
    throw new InvalidOptionError('topic', 'a topic without * and #', topic);
  }
  return levels;
}

/** The levels of a filter: `*` stands for any one level, `#` at the end for any number of them, also none. */
export function filterLevels(filter: unknown): readonly string[] {
  const levels = levelsOf('filter', filter);
  const wrong = levels.some((level, i) => {
    const isWild = level === '*' || (level === '#' && i === levels.length - 1);
    return /[*#]/.test(level) && !isWild;
  });
  if (wrong) {
    throw new InvalidOptionError('filter', '* as a whole level, # as the last one', filter);
  }
  return levels;
}

/** Whether a filter takes a topic. */
export function matches(filter: readonly string[], topic: readonly string[]): boolean {
  for (const [i, level] of filter.entries()) {
    if (level === '#') return true;
    if (i >= topic.length || (level !== '*' && level !== topic[i])) return false;
  }
  return filter.length === topic.length;
}

function levelsOf(option: string, text: unknown): readonly string[] {
  const levels = typeof text === 'string' ? text.split('/') : [];
  if (levels.length > 0 && levels.every((level) => level !== '')) return levels;
  throw new InvalidOptionError(option, "levels parted by '/', none of them empty", text);
}
