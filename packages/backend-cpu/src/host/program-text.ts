import { emitJavaScript, type Module, optimize } from '@ringkernel/compiler';
import { type KernelImage, NotSupportedError } from '@ringkernel/core';

/** The JavaScript of a portable actor. */
export function programText(image: KernelImage): string {
  if (image.program.kind === 'ir') return emitJavaScript(optimize(image.program.module as Module));
  throw new NotSupportedError('a host-only kernel', 'this device runs portable actors');
}
