import type { HandWritten } from '@ringkernel/compiler/back-end';
import { InvalidOptionError, type KernelImage } from '@ringkernel/core';

/** WGSL that takes the place of compiled handlers, by `Actor.Message`. */
export type OwnHandlers = Readonly<Record<string, string>>;

/** Checks the option `handlers`. Throws `InvalidOptionError`. */
export function ownHandlers(value: unknown = {}): OwnHandlers {
  if (typeof value !== 'object' || value === null) {
    throw new InvalidOptionError('handlers', 'texts of WGSL by Actor.Message', value);
  }
  for (const [name, body] of Object.entries(value)) {
    if (!/^[^.]+\.[^.]+$/u.test(name)) {
      throw new InvalidOptionError('handlers', 'names of the form Actor.Message', name);
    }
    if (typeof body !== 'string' || body.trim() === '') {
      throw new InvalidOptionError('handlers', `the WGSL of a function's body for ${name}`, body);
    }
    if (!isBlock(body)) {
      throw new InvalidOptionError('handlers', `braces that close each other in ${name}`, body);
    }
  }
  return value as OwnHandlers;
}

/** Those of an actor, by the index of the message. Throws `InvalidOptionError` for a message that the actor has not. */
export function handlersFor({ name, messages }: KernelImage, handlers: OwnHandlers): HandWritten {
  const own = Object.entries(handlers).filter(([key]) => key.split('.')[0] === name);
  return new Map(
    own.map(([key, body]): [number, string] => {
      const index = messages.findIndex((message) => key === `${name}.${message.name}`);
      if (index >= 0) return [index, body];
      const wanted = messages.map((message) => `${name}.${message.name}`).join(', ');
      throw new InvalidOptionError('handlers', `one of ${wanted}`, key);
    }),
  );
}

/** Whether a body ends where its function does: the lines of what came after would be told wrong. */
function isBlock(body: string): boolean {
  let depth = 0;
  let comments = 0;
  let line = false;
  for (const [token] of body.matchAll(/\/\/|\/\*|\*\/|[{}\n]/gu)) {
    if (token === '\n') line = false;
    else if (line) continue;
    else if (token === '/*') comments++;
    else if (comments > 0) comments -= token === '*/' ? 1 : 0;
    else if (token === '//') line = true;
    else if (token === '{') depth++;
    else depth--;
    if (depth < 0) return false;
  }
  return depth === 0 && comments === 0;
}
