import { InvalidOptionError } from '../errors/operation.ts';
import type { PriorityName } from '../kernel/options.ts';

/** The names by their code on the wire. */
export const priorityNames: readonly PriorityName[] = ['low', 'normal', 'high', 'critical'];

/** The code of a priority. Throws `InvalidOptionError` for what is no name of one. */
export function priorityToCode(name: PriorityName): number {
  const code = priorityNames.indexOf(name);
  if (code >= 0) return code;
  throw new InvalidOptionError('priority', `one of ${priorityNames.join(', ')}`, name);
}

/** The name of a code. Throws `InvalidOptionError` for a code that no priority has. */
export function priorityFromCode(code: number): PriorityName {
  const name = priorityNames[code];
  if (name !== undefined) return name;
  throw new InvalidOptionError('priority', `0 to ${priorityNames.length - 1}`, code);
}
