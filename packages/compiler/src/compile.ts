import { type AnyActor, fnv1a, type KernelImage } from '@ringkernel/core';
import { Capture } from './capture/index.ts';
import { CompileError, codeFrame, type Diagnostic, formatPosition } from './diagnostics/index.ts';
import type { Module } from './ir/types.ts';
import { type Finding, type Locate, lowerActor } from './lower/index.ts';

/** A compiled actor: an image whose program is an IR module. */
export interface ActorImage extends KernelImage {
  readonly program: { readonly kind: 'ir'; readonly module: Module };
}

interface Compiled {
  readonly image: ActorImage | null;
  readonly diagnostics: readonly Diagnostic[];
}

const compiled = new WeakMap<AnyActor, Compiled>();

/** How to find the places of an image's faults, and the inspector that does. */
interface Places {
  readonly capture: Capture;
  readonly locators: readonly (Locate | null)[];
}

const places = new WeakMap<KernelImage, Places>();

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

/**
 * Where a fault happened: `counter.ts:12:7`. Positions in files are looked up on this first call, not when the actor
 * is compiled, because that needs the debugger. An image from another process has them in its handlers' own lines
 * (`Counter.Add:3:5`), as `module.sites` says.
 */
export function describeSite(image: KernelImage, site: number): string {
  if (image.program.kind !== 'ir') return '';
  const known = (image.program.module as Module).sites[site]?.at ?? '';
  const { capture, locators } = places.get(image) ?? {};
  const locate = locators?.[site];
  if (!locate) return known;
  try {
    const position = locate();
    return position.file === null ? known : formatPosition(position);
  } finally {
    capture?.close();
  }
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
    const { module, findings } = lowered;
    if (findings.length > 0) return { image: null, diagnostics: diagnose(findings) };
    const { name, state, messages, emits } = module;
    const hash = fnv1a(programText(module));
    const program = { kind: 'ir', module } as const;
    const image: ActorImage = { name, hash, state, messages, emits, program };
    places.set(image, { capture, locators: lowered.locators });
    return { image, diagnostics: [] };
  } finally {
    capture.close();
  }
}

/** All that decides what a module does, as text: without positions, which move when a comment does. */
function programText(module: Module): string {
  return JSON.stringify(module, (key, value) => {
    if (key === 'location' || key === 'sites') return undefined;
    if (typeof value === 'bigint') return `${value}n`;
    return Object.is(value, -0) ? '-0' : value;
  });
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
