import {
  emitWgsl,
  hasSection,
  type Module,
  optimize,
  stateWords,
  type WgslForm,
} from '@ringkernel/compiler/back-end';
import { type KernelCode, type KernelImage, NotSupportedError } from '@ringkernel/core';
import type { WebgpuOptions } from '../options.ts';
import { kernelText } from '../text/index.ts';
import { workgroup } from '../text/layout.ts';

/** The WGSL of a kernel with its engine, words of one state, and workgroups in a dispatch. */
export interface GpuProgram {
  readonly text: string;
  readonly stateWords: number;
  readonly workgroups: number;
  readonly code: KernelCode;
}

/**
 * Throws a `TargetError` for what WGSL does not have, `NotSupportedError` for host-only kernels.
 */
export function programOf(
  { name, program }: KernelImage,
  instances: number,
  wanted: WebgpuOptions['form'],
  device: { readonly software: boolean; readonly mostWorkgroups: number },
): GpuProgram {
  if (program.kind !== 'ir') {
    throw new NotSupportedError(`the host-only kernel ${name}`, 'its loop runs in JavaScript', {
      hint: 'launch it on the cpu backend',
    });
  }
  const module = optimize(program.module as Module);
  const { form, reason } = formOf(module, instances, wanted, device);
  const compiled = form === 'thread' ? program.texts?.wgsl : undefined;
  return {
    text: kernelText(compiled ?? emitWgsl(module, form), form),
    stateWords: stateWords(module.state),
    workgroups: form === 'thread' ? Math.ceil(instances / workgroup) : instances,
    code: { form: form === 'thread' ? 'wgsl' : 'wgsl-workgroup', reason },
  };
}

function formOf(
  { handlers }: Module,
  instances: number,
  wanted: WebgpuOptions['form'],
  { software, mostWorkgroups }: { readonly software: boolean; readonly mostWorkgroups: number },
): { readonly form: WgslForm; readonly reason: string } {
  if (wanted !== 'auto') return { form: wanted, reason: `the option form is '${wanted}'` };
  if (!handlers.some(({ body }) => hasSection(body))) {
    return { form: 'thread', reason: 'no handler has a section' };
  }
  // Measured: twice as slow as an invocation that runs all rounds.
  if (software)
    return { form: 'thread', reason: 'in software the lanes of a workgroup take turns' };
  if (instances > mostWorkgroups) {
    const reason = `${instances} instances are more than ${mostWorkgroups} workgroups`;
    return { form: 'thread', reason };
  }
  return { form: 'workgroup', reason: 'a handler has sections' };
}
