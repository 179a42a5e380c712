import type { ThrownText } from '../worker/fault-report.ts';

/** The error that a worker threw, made again from the text that travelled. */
export function remade({ name, message, stack }: ThrownText): Error {
  const error = new Error(message);
  error.name = name;
  if (stack !== '') error.stack = stack;
  return error;
}
