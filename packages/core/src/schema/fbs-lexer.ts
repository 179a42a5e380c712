import { SchemaError, type SchemaErrorDetails } from './errors.ts';

/** 1-based, in UTF-16 units, as editors count. */
export interface FbsPosition {
  readonly line: number;
  readonly column: number;
}

/** A `.fbs` text that can't be imported, with the place. */
export class FbsError extends SchemaError {
  readonly line: number;
  readonly column: number;

  constructor(
    code: string,
    message: string,
    position: FbsPosition,
    details: SchemaErrorDetails = {},
  ) {
    super(code, `${position.line}:${position.column}: ${message}`, details);
    this.line = position.line;
    this.column = position.column;
  }
}

export interface FbsToken extends FbsPosition {
  readonly kind: 'word' | 'number' | 'string' | 'sign' | 'end';
  readonly text: string;
}

// In order: blank or comment, word, number, string, sign. Sticky, so that each match starts where the last ended.
const pattern =
  /(\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/)|([A-Za-z_]\w*)|([+-]?(?:0[xX][\dA-Fa-f]+|\d+(?:\.\d*)?(?:[eE][+-]?\d+)?))|("(?:[^"\\\n]|\\.)*")|([{}()[\]:;,.=])/y;

function kindOf(match: RegExpExecArray): FbsToken['kind'] | null {
  if (match[1] !== undefined) return null;
  if (match[2] !== undefined) return 'word';
  if (match[3] !== undefined) return 'number';
  return match[4] === undefined ? 'sign' : 'string';
}

/** Cuts a `.fbs` text into tokens, without blanks and comments, the last of them `end`. */
export function lexFbs(text: string): readonly FbsToken[] {
  const tokens: FbsToken[] = [];
  let line = 1;
  let lineStart = 0;
  let at = 0;
  while (at < text.length) {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    const column = at - lineStart + 1;
    if (match === null) {
      const found = text.startsWith('/*', at)
        ? 'a comment that does not end'
        : JSON.stringify(String.fromCodePoint(text.codePointAt(at) ?? 0));
      throw new FbsError('RK_FBS_SYNTAX', `wanted a declaration, found ${found}`, { line, column });
    }
    const kind = kindOf(match);
    if (kind !== null) tokens.push({ kind, text: match[0], line, column });
    for (let i = at; i < pattern.lastIndex; i++) {
      if (text.charCodeAt(i) !== 10) continue;
      line++;
      lineStart = i + 1;
    }
    at = pattern.lastIndex;
  }
  tokens.push({ kind: 'end', text: 'the end of the text', line, column: at - lineStart + 1 });
  return tokens;
}
