import { RingKernelError } from '@ringkernel/core';
import type { DiagnosticCode } from './codes.ts';
import { formatPosition, type SourcePosition } from './frame.ts';

/** One thing wrong with an actor. */
export interface Diagnostic {
  readonly code: DiagnosticCode;
  /** What is wrong, in one sentence. */
  readonly message: string;
  /** What to write instead. */
  readonly hint: string | null;
  readonly position: SourcePosition;
  /** The line, its neighbours, and a caret under the place. */
  readonly frame: string;
  /** `Actor.Message`; for a helper `Actor.Message > helper`. */
  readonly where: string;
}

/** A diagnostic as it is printed: code, position, sentence, frame, hint. */
export function formatDiagnostic(d: Diagnostic): string {
  const head = `${d.code} ${formatPosition(d.position)} (in ${d.where})\n  ${d.message}`;
  const frame = d.frame.replaceAll(/^/gm, '  ');
  return `${head}\n${frame}${d.hint === null ? '' : `\n  hint: ${d.hint}`}`;
}

/** An actor does not compile. Carries every diagnostic of the actor, in source order. */
export class CompileError extends RingKernelError {
  static readonly code = 'RK_COMPILE';
  readonly actor: string;
  readonly diagnostics: readonly Diagnostic[];

  constructor(actor: string, diagnostics: readonly Diagnostic[]) {
    const count = `${diagnostics.length} error${diagnostics.length === 1 ? '' : 's'}`;
    const list = diagnostics.map(formatDiagnostic).join('\n\n');
    super(CompileError.code, `${actor} does not compile: ${count}\n\n${list}`);
    this.actor = actor;
    this.diagnostics = diagnostics;
  }
}
