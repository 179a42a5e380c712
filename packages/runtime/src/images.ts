import { compile } from '@ringkernel/compiler';
import {
  type AnyDefinition,
  type AnyHostActor,
  canonicalText,
  describe,
  fnv1a,
  InvalidOptionError,
  type KernelImage,
} from '@ringkernel/core';
import { hostProgram } from './host-program.ts';

/** Compiles a definition, or packs a host-only one so that it can travel to a worker. */
export function imageOf(definition: AnyDefinition): KernelImage {
  if (definition?.kind === 'actor') return compile(definition);
  if (definition?.kind === 'host') return hostImage(definition);
  throw new InvalidOptionError('definition', 'what actor() or hostActor() returned', definition);
}

function hostImage(definition: AnyHostActor): KernelImage {
  const { name } = definition;
  const { state, messages, emits } = describe(definition);
  const program = hostProgram(definition);
  const types = [...messages, ...emits].map((m) => `${m.id}:${canonicalText(m.layout)}`);
  const replies = messages.map(({ reply }) => String(reply?.id ?? 0));
  const { source = '', moduleUrl = '', exportName = '' } = program;
  const text = [name, ...types, ...replies, source, moduleUrl, exportName];
  return { name, hash: fnv1a(text.join('\n')), state, messages, emits, program };
}
