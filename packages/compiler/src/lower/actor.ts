import { type AnyActor, describe } from '@ringkernel/core';
import type { Capture } from '../capture/index.ts';
import type { LocateLine } from '../image.ts';
import type { IrFunction, Module } from '../ir/types.ts';
import { parseFunction, type UserFunction } from '../parse/index.ts';
import { ActorContext, type Finding, type Locate } from './actor-context.ts';
import { lowerBody } from './function.ts';
import { FunctionContext } from './function-context.ts';
import type { OutsideRead } from './reads.ts';

/** An actor as IR, or what is wrong with it. */
export interface Lowered {
  /** Only meaningful without findings. */
  readonly module: Module;
  readonly findings: readonly Finding[];
  /** By number of the site. */
  readonly locators: readonly (Locate | null)[];
  readonly handlerLines: readonly LocateLine[];
  readonly functionLines: readonly LocateLine[];
  readonly reads: readonly OutsideRead[];
}

/** Lowers all handlers of an actor, and what they call. */
export function lowerActor(definition: AnyActor, capture: Capture): Lowered {
  const actor = new ActorContext(definition, capture);
  const { messages, emits, state } = describe(definition);
  const handlers: IrFunction[] = [];
  const handlerLines: LocateLine[] = [];
  for (const message of messages) {
    const fn = definition.spec.on[message.name] as UserFunction;
    const label = `${definition.name}.${message.name}`;
    const source = parseFunction(fn);
    if (typeof source === 'string') {
      actor.findings.push(unreadable(label, source));
      continue;
    }
    const c = new FunctionContext(actor, source, fn, label, { kind: 'handler', message });
    handlers.push(lowerBody(c, message.name));
    handlerLines.push(c.lineLocator());
  }
  actor.finish();
  const module: Module = {
    name: definition.name,
    state,
    messages,
    emits,
    handlers,
    functions: actor.functions,
    tables: actor.findings.length === 0 ? actor.tables.finish() : [],
    sites: actor.sites,
    requires: [...actor.requires].sort(),
  };
  const { findings, locators, functionLines, reads } = actor;
  return { module, findings, locators, handlerLines, functionLines, reads: reads.list };
}

function unreadable(where: string, reason: string): Finding {
  return {
    code: 'RK1001',
    message: `the source of ${where} can't be read: ${reason}`,
    hint: 'pass the function itself, not the result of bind()',
    where,
    locate: () => ({ file: null, line: 1, column: 1, text: '' }),
  };
}
