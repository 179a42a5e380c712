import type { MessageDescriptor } from '../backend/contract.ts';
import { messageTypeId } from '../schema/canonical.ts';
import type { Fields, FieldType } from '../schema/fields.ts';
import type { StructLayout } from '../schema/layout.ts';
import { layoutOf } from '../schema/layout-of.ts';
import type { AnyActor } from './actor.ts';
import { isAsk } from './check.ts';
import type { Emits, Messages } from './context.ts';
import { DefinitionError } from './errors.ts';
import type { AnyHostActor } from './host-actor.ts';

export type AnyDefinition = AnyActor | AnyHostActor;

/** A definition as plain data: what backends and other processes need to know of its schemas. */
export interface Description {
  /** Without fields for a host-only actor: its state is its own. */
  readonly state: StructLayout;
  /** In the order of the definition. */
  readonly messages: readonly MessageDescriptor[];
  readonly emits: readonly MessageDescriptor[];
}

const noFields: Fields = Object.freeze({});

function describeMessages(messages: Messages): readonly MessageDescriptor[] {
  return Object.entries(messages).map(([name, message]) => {
    const layout = layoutOf(isAsk(message) ? message.request : message);
    const id = messageTypeId('message', name, layout);
    if (!isAsk(message)) return Object.freeze({ name, id, layout });
    const replyLayout = layoutOf(message.reply);
    const reply = { id: messageTypeId('reply', name, replyLayout), layout: replyLayout };
    return Object.freeze({ name, id, layout, reply: Object.freeze(reply) });
  });
}

function describeEmits(emits: Emits): readonly MessageDescriptor[] {
  return Object.entries(emits).map(([name, fields]) => {
    const layout = layoutOf(fields);
    return Object.freeze({ name, id: messageTypeId('emit', name, layout), layout });
  });
}

const descriptions = new WeakMap<AnyDefinition, Description>();

/**
 * Layouts and type ids of a definition, computed once. Every actor it refers to must be defined by now; throws
 * `SchemaError` RK_SCHEMA_REF otherwise.
 */
export function describe(definition: AnyDefinition): Description {
  const known = descriptions.get(definition);
  if (known !== undefined) return known;
  const { spec } = definition;
  const description: Description = Object.freeze({
    state: layoutOf(definition.kind === 'actor' ? definition.spec.state : noFields),
    messages: Object.freeze(describeMessages(spec.messages)),
    emits: Object.freeze(describeEmits(spec.emits ?? {})),
  });
  descriptions.set(definition, description);
  return description;
}

function collectTargets(type: FieldType, targets: Map<string, AnyDefinition>): void {
  if (type.kind === 'array') collectTargets(type.element, targets);
  if (type.kind === 'struct') {
    for (const field of Object.values<FieldType>(type.fields)) collectTargets(field, targets);
  }
  if (type.kind !== 'ref' || type.target === undefined) return;
  const definition: AnyDefinition = type.target();
  const known = targets.get(definition.name);
  if (known !== undefined && known !== definition) {
    const message = `wanted names that differ, found two definitions named ${definition.name}`;
    throw new DefinitionError('RK_ACTOR_TARGETS', message, { hint: 'rename one of them' });
  }
  targets.set(definition.name, definition);
}

/**
 * The definitions that the references in a definition's schemas name, by name: the `actor` of a `ref` in a layout is
 * a key of this map.
 */
export function targetsOf(definition: AnyDefinition): ReadonlyMap<string, AnyDefinition> {
  const targets = new Map<string, AnyDefinition>();
  const { spec } = definition;
  const messages: Messages = spec.messages;
  const groups: Fields[] = Object.values<Fields>(spec.emits ?? {});
  for (const message of Object.values(messages)) {
    if (isAsk(message)) groups.push(message.request, message.reply);
    else groups.push(message);
  }
  if (definition.kind === 'actor') groups.push(definition.spec.state);
  // Throws first, with the field's path, where a target can't be read.
  for (const fields of groups) layoutOf(fields);
  for (const fields of groups) {
    for (const field of Object.values(fields)) collectTargets(field, targets);
  }
  return targets;
}
