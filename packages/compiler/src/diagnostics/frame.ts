/** Where something is: in a file when the position could be traced back, else in the function's own text. */
export interface SourcePosition {
  readonly file: string | null;
  /** 1-based. */
  readonly line: number;
  readonly column: number;
}

/** A position and the text it is in. */
export interface Located extends SourcePosition {
  readonly text: string;
}

/** Longer lines are minified code: only the part around the place is shown. */
const maxWidth = 120;

/** Three lines of source with a caret under the place, as editors show them. */
export function codeFrame({ text, line, column }: Located): string {
  const lines = text.split('\n');
  const from = column <= maxWidth ? 0 : column - 1 - maxWidth / 2;
  const out: string[] = [];
  for (let i = Math.max(1, line - 1); i <= Math.min(lines.length, line + 1); i++) {
    const shown = (lines[i - 1] ?? '').slice(from, from + maxWidth).trimEnd();
    out.push(`${i === line ? '>' : ' '} ${String(i).padStart(4)} | ${shown}`.trimEnd());
    if (i === line) out.push(`       | ${' '.repeat(Math.max(0, column - 1 - from))}^`);
  }
  return out.join('\n');
}

export function formatPosition({ file, line, column }: SourcePosition): string {
  return `${file ?? '<handler>'}:${line}:${column}`;
}
