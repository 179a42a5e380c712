import type { AnyActor } from '@ringkernel/core';
import { Capture } from './capture/index.ts';
import { CompileError, codeFrame, type Diagnostic, formatPosition } from './diagnostics/index.ts';
import { type ActorImage, imageOf, keepPlaces } from './image.ts';
import { type Finding, lowerActor, type OutsideRead } from './lower/index.ts';

interface Compiled {
  readonly image: ActorImage | null;
  readonly diagnostics: readonly Diagnostic[];
  readonly reads: readonly OutsideRead[];
}

const compiled = new WeakMap<AnyActor, Compiled>();

/**
 * Compiles an actor's handlers to IR. Values that handlers use from outside are read now, once: the same definition
 * gives the same image for ever. Throws `CompileError` with everything that is wrong.
 */
export function compile(definition: AnyActor): ActorImage {
  const { image, diagnostics } = compileOnce(definition);
  if (image === null) throw new CompileError(definition.name, diagnostics);
  return image;
}

/** What `compile` would throw, in source order; empty when the actor compiles. */
export function checkActor(definition: AnyActor): readonly Diagnostic[] {
  return compileOnce(definition).diagnostics;
}

/** What the handlers of a compiled actor read from outside themselves. */
export function readsOf(definition: AnyActor): readonly OutsideRead[] {
  return compileOnce(definition).reads;
}

function compileOnce(definition: AnyActor): Compiled {
  const known = compiled.get(definition);
  if (known !== undefined) return known;
  const result = compileNow(definition);
  compiled.set(definition, result);
  return result;
}

function compileNow(definition: AnyActor): Compiled {
  const capture = new Capture();
  try {
    const lowered = lowerActor(definition, capture);
    const { module, findings, reads } = lowered;
    if (findings.length > 0) return { image: null, diagnostics: diagnose(findings), reads };
    const image = imageOf(module);
    const { locators, handlerLines, functionLines } = lowered;
    keepPlaces(image, { capture, locators, handlerLines, functionLines });
    return { image, diagnostics: [], reads };
  } finally {
    capture.close();
  }
}

/** Looks up all positions, drops what was found twice (in a helper, for two lists of types), and sorts. */
function diagnose(findings: readonly Finding[]): Diagnostic[] {
  const all = new Map<string, Diagnostic>();
  for (const { code, message, hint, where, locate } of findings) {
    const located = locate();
    const { file, line, column } = located;
    const position = { file, line, column };
    const frame = codeFrame(located);
    const key = `${code} ${formatPosition(position)} ${file === null ? where : ''} ${message}`;
    if (!all.has(key)) all.set(key, { code, message, hint, position, frame, where });
  }
  return [...all.values()].sort(
    ({ position: a }, { position: b }) =>
      (a.file ?? '').localeCompare(b.file ?? '') || a.line - b.line || a.column - b.column,
  );
}
