import { type AnyActor, describe, targetsOf } from '@ringkernel/core';
import type { Module } from '../ir/types.ts';
import type { UserFunction } from '../parse/function-source.ts';
import { type Decode, list, object, oneOf, record, text, word } from './decode.ts';
import { textFingerprint } from './fingerprint.ts';
import { type ModuleBody, moduleBody } from './module-shape.ts';
import { type Positions, positions } from './positions.ts';

export const fileFormat = 'ringkernel-actors-1';

/** Actors compiled ahead of time, as plain data: what `JSON.stringify` makes of it is the file. */
export interface CompiledActors {
  readonly format: typeof fileFormat;
  /** Version of the compiler. Another one compiles again. */
  readonly compiler: string;
  readonly actors: readonly CompiledActor[];
}

/** One actor, with fingerprints of all that it was compiled from. */
export interface CompiledActor {
  readonly name: string;
  /** Of the schemas: its own, and those of the actors it refers to. */
  readonly schema: string;
  /** Of the handlers' texts, in the order of the messages. */
  readonly handlers: readonly string[];
  readonly outside: readonly OutsideValue[];
  /** Fingerprint of all the rest, so that a file that was damaged or edited is found out. */
  readonly content: string;
  readonly module: ModuleBody;
  readonly positions: Positions;
  /** The module in devices' languages, by the name of the target. */
  readonly texts: Readonly<Record<string, string>>;
}

/** A value that a function read from outside itself. */
export interface OutsideValue {
  /** The function: a handler's index, or the number of handlers plus the index of an outside value. */
  readonly of: number;
  /** The name, and the members after it. */
  readonly path: readonly string[];
  /** Fingerprint of the value. */
  readonly is: string;
}

const compiledActor: Decode<CompiledActor> = object({
  name: text,
  schema: text,
  handlers: list(text),
  outside: list(object({ of: word, path: list(text), is: text })),
  content: text,
  module: moduleBody,
  positions,
  texts: record(text),
});

/** Everything but the format and the version, which are looked at first. */
export const compiledActors: Decode<CompiledActors> = object({
  format: oneOf(fileFormat),
  compiler: text,
  actors: list(compiledActor),
});

export function schemaFingerprint(definition: AnyActor): string {
  const targets = [...targetsOf(definition)].map(([name, target]) => [name, describe(target)]);
  return textFingerprint(JSON.stringify([definition.name, describe(definition), targets]));
}

/** Of an actor as it is in the file. */
export function contentFingerprint(actor: object): string {
  return textFingerprint(JSON.stringify({ ...actor, content: '' }));
}

/** A module of what a file has and what the definition says. */
export function wholeModule(definition: AnyActor, body: ModuleBody): Module {
  return { name: definition.name, ...describe(definition), ...body };
}

/** In the order of the messages. */
export function handlersOf(definition: AnyActor): UserFunction[] {
  return describe(definition).messages.map(({ name }) => definition.spec.on[name] as UserFunction);
}
