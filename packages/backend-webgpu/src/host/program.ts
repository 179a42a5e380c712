import {
  emitWgsl,
  hasSection,
  type Module,
  optimize,
  stateWords,
  type WgslForm,
} from '@ringkernel/compiler/back-end';
import {
  InvalidOptionError,
  type KernelCode,
  type KernelImage,
  NotSupportedError,
  ownHandlersOf,
} from '@ringkernel/core';
import type { WebgpuOptions } from '../options.ts';
import { kernelText } from '../text/index.ts';
import { workgroup } from '../text/layout.ts';
import { fewFor } from '../text/tick.ts';
import type { Workgroups } from './kernel-slot.ts';

/**
 * Invocations in a workgroup of the thread form, and workgroups in a dispatch, at least and at most: as many as keep a
 * device busy. In software an invocation runs through all of the text, even when it has nothing to do.
 */
const sizes = {
  hardware: { lanes: workgroup, least: 1024, most: 1024 },
  software: { lanes: 4, least: 1, most: 16 },
} as const;

/** The WGSL of a kernel with its engine, and words of one state. */
export interface GpuProgram {
  readonly text: string;
  readonly stateWords: number;
  readonly workgroups: Workgroups;
  readonly code: KernelCode;
}

/**
 * Throws a `TargetError` for what WGSL does not have, `NotSupportedError` for host-only kernels, `InvalidOptionError` for
 * handlers written by hand that the actor has not, or that the form does not take.
 */
export function programOf(
  image: KernelImage,
  { form: wanted, handlers }: Pick<WebgpuOptions, 'form' | 'handlers'>,
  software: boolean,
): GpuProgram {
  const { name, program } = image;
  if (program.kind !== 'ir') {
    throw new NotSupportedError(`the host-only kernel ${name}`, 'its loop runs in JavaScript', {
      hint: 'launch it on the cpu backend',
    });
  }
  const module = optimize(program.module as Module);
  const byHand = ownHandlersOf(image, handlers);
  if (byHand.size > 0 && wanted === 'workgroup') {
    const needed = `thread or auto, since handlers of ${name} are written by hand`;
    throw new InvalidOptionError('form', needed, wanted);
  }
  const { form, reason } =
    byHand.size > 0
      ? { form: 'thread' as const, reason: `${byHand.size} of its handlers are written by hand` }
      : formOf(module, wanted, software);
  const size = software ? sizes.software : sizes.hardware;
  const compiled = form === 'thread' && byHand.size === 0 ? program.texts?.wgsl : undefined;
  return {
    text: kernelText(compiled ?? emitWgsl(module, form, byHand), form, size.lanes),
    stateWords: stateWords(module.state),
    workgroups: {
      few: form === 'thread' ? fewFor(size.lanes) : 0,
      instances: form === 'thread' ? size.lanes : 1,
      least: size.least,
      most: size.most,
    },
    code: { form: form === 'thread' ? 'wgsl' : 'wgsl-workgroup', reason },
  };
}

function formOf(
  { handlers }: Module,
  wanted: WebgpuOptions['form'],
  software: boolean,
): { readonly form: WgslForm; readonly reason: string } {
  if (wanted !== 'auto') return { form: wanted, reason: `the option form is '${wanted}'` };
  if (!handlers.some(({ body }) => hasSection(body))) {
    return { form: 'thread', reason: 'no handler has a section' };
  }
  // Measured: twice as slow as an invocation that runs all rounds.
  if (software)
    return { form: 'thread', reason: 'in software the lanes of a workgroup take turns' };
  return { form: 'workgroup', reason: 'a handler has sections' };
}
