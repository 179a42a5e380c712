import { InvalidOptionError } from '../errors/operation.ts';
import type { KernelImage } from './contract.ts';

/** Handlers written by hand in a backend's language, by `Actor.Message`: bodies that take the place of compiled ones. */
export type OwnHandlers = Readonly<Record<string, string>>;

/** Checks a backend's option `handlers`; `language` names what the bodies are written in. Throws `InvalidOptionError`. */
export function checkOwnHandlers(value: unknown, language: string): OwnHandlers {
  if (typeof value !== 'object' || value === null) {
    throw new InvalidOptionError('handlers', `texts of ${language} by Actor.Message`, value);
  }
  for (const [name, body] of Object.entries(value)) {
    if (!/^[^.]+\.[^.]+$/u.test(name)) {
      throw new InvalidOptionError('handlers', 'names of the form Actor.Message', name);
    }
    if (typeof body !== 'string' || body.trim() === '') {
      const wanted = `the ${language} of a function's body for ${name}`;
      throw new InvalidOptionError('handlers', wanted, body);
    }
  }
  return value as OwnHandlers;
}

/** Those of an actor, by the index of the message. Throws `InvalidOptionError` for a message that the actor has not. */
export function ownHandlersOf(
  { name, messages }: KernelImage,
  handlers: OwnHandlers,
): ReadonlyMap<number, string> {
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
