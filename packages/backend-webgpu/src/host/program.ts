import { emitWgsl, type Module, optimize, stateWords } from '@ringkernel/compiler/back-end';
import { type KernelImage, NotSupportedError } from '@ringkernel/core';
import { kernelText } from '../text/index.ts';

/** The WGSL of a kernel with its engine, and words of one state. */
export interface GpuProgram {
  readonly code: string;
  readonly stateWords: number;
}

/** Throws a `TargetError` for what WGSL does not have, `NotSupportedError` for host-only kernels. */
export function programOf({ name, program }: KernelImage): GpuProgram {
  if (program.kind !== 'ir') {
    throw new NotSupportedError(`the host-only kernel ${name}`, 'its loop runs in JavaScript', {
      hint: 'launch it on the cpu backend',
    });
  }
  const module = optimize(program.module as Module);
  const text = program.texts?.wgsl ?? emitWgsl(module);
  return { code: kernelText(text), stateWords: stateWords(module.state) };
}
