import {
  type AnyActor,
  canonicalText,
  fnv1a,
  type KernelImage,
  type MessageDescriptor,
} from '@ringkernel/core';
import { CompileError, type Diagnostic, formatPosition } from './diagnostics/compile-error.ts';
import type { IrFunction, Module } from './ir/types.ts';
import { ActorContext } from './lower/actor-context.ts';
import { lowerHandler } from './lower/function.ts';
import type { UserFunction } from './lower/function-context.ts';

/** A compiled actor: an image whose program is an IR module. */
export interface ActorImage extends KernelImage {
  readonly program: { readonly kind: 'ir'; readonly module: Module };
}

interface Lowered {
  readonly module: Module;
  readonly context: ActorContext;
}

function lower(definition: AnyActor): Lowered {
  const context = new ActorContext(definition);
  const { state, messages, emits } = context.description;
  const on = definition.spec.on as Record<string, UserFunction>;
  const handlers: IrFunction[] = [];
  for (const message of messages) {
    const handler = lowerHandler(context, on[message.name] as UserFunction, message);
    if (handler !== null) handlers.push(handler);
  }
  const { functions, tables, sites, requires } = context;
  const module: Module = {
    name: definition.name,
    state,
    messages,
    emits,
    handlers,
    functions,
    tables,
    sites: sites.map(({ code, at }) => ({ code, at })),
    requires: [...requires].sort(),
  };
  return { module, context };
}

function inSourceOrder(a: Diagnostic, b: Diagnostic): number {
  const [x, y] = [a.position, b.position];
  return (x.file ?? '').localeCompare(y.file ?? '') || x.line - y.line || x.column - y.column;
}

function hashOf(module: Module): number {
  const layouts = (list: readonly MessageDescriptor[]): string =>
    list.map((m) => `${m.name}:${m.id}:${m.reply?.id ?? 0}`).join();
  const program = JSON.stringify(
    [module.handlers, module.functions, module.tables],
    (_, value: unknown) =>
      typeof value === 'bigint' ? `${value}n` : Object.is(value, -0) ? '-0' : value,
  );
  const { name, state, messages, emits } = module;
  return fnv1a([name, canonicalText(state), layouts(messages), layouts(emits), program].join('\n'));
}

const images = new WeakMap<AnyActor, ActorImage>();
const locators = new WeakMap<KernelImage, ActorContext['sites']>();

/** Everything that is wrong with an actor's handlers, in source order; nothing when it compiles. */
export function checkActor(definition: AnyActor): readonly Diagnostic[] {
  return lower(definition).context.diagnostics.toSorted(inSourceOrder);
}

/**
 * Compiles an actor's handlers to an image that every backend takes. Values that handlers use from outside are read
 * now. Throws `CompileError` with all diagnostics. The same definition gives the same image.
 */
export function compile(definition: AnyActor): ActorImage {
  const known = images.get(definition);
  if (known !== undefined) return known;
  const { module: raw, context } = lower(definition);
  if (context.diagnostics.length > 0) {
    throw new CompileError(definition.name, context.diagnostics.toSorted(inSourceOrder));
  }
  const module = raw;
  const { name, state, messages, emits } = module;
  const image: ActorImage = {
    name,
    hash: hashOf(module),
    state,
    messages,
    emits,
    program: { kind: 'ir', module },
  };
  images.set(definition, image);
  locators.set(image, context.sites);
  return image;
}

/**
 * Where a fault happened: `file:line:column` when the image was compiled in this process and the engine can say,
 * else `Actor.Message:line:column` counted in the handler's own text.
 */
export function describeSite(image: KernelImage, site: number): string {
  const located = locators.get(image)?.[site]?.locate?.();
  if (located !== undefined && located.file !== null) return formatPosition(located);
  if (image.program.kind !== 'ir') return '';
  return (image.program.module as Module).sites[site]?.at ?? '';
}
