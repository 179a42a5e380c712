/** A piece of JavaScript expression and how strongly it binds, so that only needed parentheses are written. */
export interface Code {
  readonly text: string;
  readonly level: number;
}

/** Binding strengths of JavaScript's operators, weakest first. */
export const levels = {
  sequence: 1,
  assignment: 2,
  conditional: 3,
  or: 4,
  and: 5,
  bits: 6,
  equality: 9,
  relation: 10,
  shift: 11,
  sum: 12,
  product: 13,
  unary: 15,
  atom: 20,
} as const;

export function atom(text: string): Code {
  return { text, level: levels.atom };
}

/** The text, in parentheses unless it binds at least as strongly as `level`. */
export function wrapped(code: Code, level: number): string {
  return code.level >= level ? code.text : `(${code.text})`;
}

/**
 * A binary operation. The bit operators take parentheses around anything but an atom: `(a + b) | 0` needs none, but
 * nobody knows that by heart.
 */
export function infix(left: Code, operator: string, right: Code, level: number): Code {
  const inner = level === levels.bits || level === levels.shift ? levels.unary : level;
  const text = `${wrapped(left, inner)} ${operator} ${wrapped(right, inner + 1)}`;
  return { text, level };
}

export function toI32(code: Code): Code {
  return infix(code, '|', atom('0'), levels.bits);
}

export function toU32(code: Code): Code {
  return infix(code, '>>>', atom('0'), levels.shift);
}

/** A call of a function of any number of arguments. */
export function invoke(name: string, ...args: readonly Code[]): Code {
  return atom(`${name}(${args.map((arg) => wrapped(arg, levels.assignment)).join(', ')})`);
}

export function indent(lines: readonly string[]): string[] {
  return lines.map((line) => (line === '' ? line : `  ${line}`));
}
