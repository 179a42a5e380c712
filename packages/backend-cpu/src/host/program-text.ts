import { emitJavaScript, type Module } from '@ringkernel/compiler';
import type { KernelImage } from '@ringkernel/core';
import { CpuLaunchError } from '../errors.ts';

/** The JavaScript of a portable actor. */
export function programText(image: KernelImage, id: string): string {
  if (image.program.kind === 'ir') return emitJavaScript(image.program.module as Module);
  throw new CpuLaunchError(id, 'it has no portable program');
}
