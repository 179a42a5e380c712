import { checkOwnHandlers, InvalidOptionError, type OwnHandlers } from '@ringkernel/core';

/** Checks the option `handlers`. Throws `InvalidOptionError`. */
export function wgslHandlers(value: unknown = {}): OwnHandlers {
  const handlers = checkOwnHandlers(value, 'WGSL');
  for (const [name, body] of Object.entries(handlers)) {
    if (isBlock(body)) continue;
    throw new InvalidOptionError('handlers', `braces that close each other in ${name}`, body);
  }
  return handlers;
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
