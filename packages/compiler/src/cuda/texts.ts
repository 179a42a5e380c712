import type { CudaForm } from './function-text.ts';

/** The namespace of the texts that are written ahead of time. */
export const cudaNamespace = 'rk_program';

/** What a text is for. */
export interface CudaTextKind {
  readonly form: CudaForm;
  readonly interruptible: boolean;
}

/** All kinds that are written ahead of time. */
export const cudaTextKinds: readonly CudaTextKind[] = [
  { form: 'thread', interruptible: false },
  { form: 'thread', interruptible: true },
  { form: 'group', interruptible: false },
  { form: 'group', interruptible: true },
];

/** The name of a kind in `KernelImage.program.texts`: `cuda`, `cuda-group`, with `-interruptible` behind it or not. */
export function cudaTextName({ form, interruptible }: CudaTextKind): string {
  return `cuda${form === 'group' ? '-group' : ''}${interruptible ? '-interruptible' : ''}`;
}
