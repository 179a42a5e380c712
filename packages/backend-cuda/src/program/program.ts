import type { Module } from '@ringkernel/compiler/back-end';
import type { IrProgram, KernelImage } from '@ringkernel/core';
import type { CudaOptions } from '../options.ts';
import { formOf, type ProgramForm } from './form.ts';
import { withOwnHandlers } from './own-handlers.ts';
import { programText } from './text.ts';

/** What is compiled for an actor, and how its instances are run: with the same options always the same. */
export function programOf(
  image: KernelImage,
  program: IrProgram,
  options: CudaOptions,
): { readonly text: string; readonly form: ProgramForm } {
  const form = formOf(program.module as Module, options);
  const interruptible = options.handlerTimeoutMs > 0;
  const text = programText(program, { lanes: form.lanes, interruptible });
  return { text: withOwnHandlers(text, image, options.handlers), form };
}
