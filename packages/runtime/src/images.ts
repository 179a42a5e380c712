import { compile } from '@ringkernel/compiler';
import {
  type AnyDefinition,
  type AnyHostActor,
  canonicalText,
  describe,
  fnv1a,
  type HostProgram,
  InvalidOptionError,
  type KernelImage,
} from '@ringkernel/core';

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
  const text = [name, ...types, program.source ?? '', program.moduleUrl ?? '', program.exportName];
  return { name, hash: fnv1a(text.join('\n')), state, messages, emits, program };
}

function hostProgram({ spec }: AnyHostActor): HostProgram {
  if (spec.run === undefined) {
    return { kind: 'host', moduleUrl: String(spec.module), exportName: spec.export };
  }
  return { kind: 'host', source: Function.prototype.toString.call(spec.run) };
}
