import type { Module } from '@ringkernel/compiler/back-end';
import type { KernelCode } from '@ringkernel/core';
import type { CudaOptions } from '../options.ts';

/** How a kernel's instances are run. */
export interface ProgramForm {
  /** Threads that serve one instance: 1, the 32 of a warp, or those of a block. */
  readonly lanes: number;
  readonly code: KernelCode;
}

/** CUDA C++ that a user gives handles messages on one thread. */
export const givenForm: ProgramForm = {
  lanes: 1,
  code: { form: 'cuda', reason: 'it was given as CUDA C++' },
};

/** A group of lanes pays where rounds of sections can run at once, and costs nothing else but threads that wait. */
export function formOf(module: Module, options: CudaOptions): ProgramForm {
  const { form, blockThreads, simulated } = options;
  const lanes = { thread: 1, warp: 32, block: blockThreads };
  const names = { thread: 'cuda', warp: 'cuda-warp', block: 'cuda-block' } as const;
  const chosen = (name: keyof typeof lanes, reason: string): ProgramForm => ({
    lanes: lanes[name],
    code: { form: names[name], reason },
  });
  if (form !== 'auto') return chosen(form, `the option form is '${form}'`);
  if (!module.requires.includes('parallel')) return chosen('thread', 'no handler has a section');
  if (simulated) return chosen('thread', 'on a CPU the lanes of a warp take turns');
  return chosen('warp', 'a handler has sections');
}
