import { RingKernelError } from '@ringkernel/core';
import type { DiagnosticCode } from './codes.ts';

/** Where something is: in a file when the position could be traced back, else in the handler's own text. */
export interface SourcePosition {
  readonly file: string | null;
  /** 1-based. */
  readonly line: number;
  readonly column: number;
}

/** One thing wrong with an actor. */
export interface Diagnostic {
  readonly code: DiagnosticCode;
  readonly message: string;
  readonly hint: string | null;
  readonly position: SourcePosition;
  /** The line with a caret under the place. */
  readonly frame: string;
  /** `Actor.Message`, or the name of a helper. */
  readonly where: string;
}

/** Three lines of source with a caret, as editors show them. */
export function codeFrame(text: string, line: number, column: number): string {
  const lines = text.split('\n');
  const out: string[] = [];
  for (let i = Math.max(1, line - 1); i <= Math.min(lines.length, line + 1); i++) {
    out.push(`  ${i === line ? '>' : ' '} ${String(i).padStart(4)} | ${lines[i - 1]}`);
    if (i === line) out.push(`         | ${' '.repeat(Math.max(0, column - 1))}^`);
  }
  return out.join('\n');
}

export function formatPosition({ file, line, column }: SourcePosition): string {
  return `${file ?? '<handler>'}:${line}:${column}`;
}

export function formatDiagnostic(d: Diagnostic): string {
  const head = `${d.code} ${formatPosition(d.position)} (in ${d.where})`;
  const hint = d.hint === null ? '' : `\n  hint: ${d.hint}`;
  return `${head}\n  ${d.message}\n${d.frame}${hint}`;
}

/** An actor does not compile. Carries every diagnostic of the actor, in source order. */
export class CompileError extends RingKernelError {
  readonly actor: string;
  readonly diagnostics: readonly Diagnostic[];

  constructor(actor: string, diagnostics: readonly Diagnostic[]) {
    const count = `${diagnostics.length} error${diagnostics.length === 1 ? '' : 's'}`;
    super('RK_COMPILE', `${actor}: ${count}\n\n${diagnostics.map(formatDiagnostic).join('\n\n')}`);
    this.actor = actor;
    this.diagnostics = diagnostics;
  }
}
