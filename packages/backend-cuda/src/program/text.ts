import {
  cudaNamespace,
  cudaTextName,
  emitCuda,
  type Module,
  optimize,
} from '@ringkernel/compiler/back-end';
import type { IrProgram } from '@ringkernel/core';
import { programPreamble } from './build.ts';

export interface ProgramOptions {
  /** Threads that serve one instance. */
  readonly lanes: number;
  /** Loops look whether the handler has had its time. */
  readonly interruptible: boolean;
}

/** An actor as a program for the device: of the text that was written ahead of time, where there is one. */
export function programText(
  { module, texts }: IrProgram,
  { lanes, interruptible }: ProgramOptions,
): string {
  const form = lanes > 1 ? 'group' : 'thread';
  const kind = { form, interruptible } as const;
  const written = texts?.[cudaTextName(kind)];
  const text =
    written ?? emitCuda(optimize(module as Module), { ...kind, namespace: cudaNamespace });
  if (form === 'group') return groupText(text, lanes);
  return `${programPreamble}${text}
RK_DEV bool rk_handle(RkTurn* t, rk_u32 type) { return ${cudaNamespace}::rk_handle(t, type); }
`;
}

function groupText(text: string, lanes: number): string {
  return `#define RK_GROUP
#define RK_LANES ${lanes}u
${programPreamble}${text}
RK_DEV ${cudaNamespace}::RkShared* rk_group() {
  RK_SHARED(${cudaNamespace}::RkShared, group);
  return group;
}
RK_DEV void rk_serve_group() { ${cudaNamespace}::rk_serve(rk_group()); }
RK_DEV void rk_dismiss_group() { ${cudaNamespace}::rk_dismiss(rk_group()); }
RK_DEV bool rk_handle(RkTurn* t, rk_u32 type) {
  t->group = rk_group();
  t->lane = 0;
  return ${cudaNamespace}::rk_handle(t, type);
}
`;
}
