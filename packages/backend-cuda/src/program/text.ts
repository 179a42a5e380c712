import { emitCuda, type Module, optimize } from '@ringkernel/compiler/back-end';
import { programPreamble } from './build.ts';

export interface ProgramOptions {
  /** Threads that serve one instance. */
  readonly lanes: number;
  /** Loops look whether the handler has had its time. */
  readonly interruptible: boolean;
}

/** A module as a program for the device. */
export function programText(module: Module, { lanes, interruptible }: ProgramOptions): string {
  const form = lanes > 1 ? 'group' : 'thread';
  const text = emitCuda(optimize(module), { namespace: 'rk_program', interruptible, form });
  if (form === 'group') return groupText(text, lanes);
  return `${programPreamble}${text}
RK_DEV bool rk_handle(RkTurn* t, rk_u32 type) { return rk_program::rk_handle(t, type); }
`;
}

function groupText(text: string, lanes: number): string {
  return `#define RK_GROUP
#define RK_LANES ${lanes}u
${programPreamble}${text}
RK_DEV rk_program::RkShared* rk_group() {
  RK_SHARED(rk_program::RkShared, group);
  return group;
}
RK_DEV void rk_serve_group() { rk_program::rk_serve(rk_group()); }
RK_DEV void rk_dismiss_group() { rk_program::rk_dismiss(rk_group()); }
RK_DEV bool rk_handle(RkTurn* t, rk_u32 type) {
  t->group = rk_group();
  t->lane = 0;
  return rk_program::rk_handle(t, type);
}
`;
}
