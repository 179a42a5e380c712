import { emitCuda, type Module } from '@ringkernel/compiler/back-end';
import { programPreamble } from './build.ts';

/** A module as a program for the device. */
export function programText(module: Module): string {
  const text = emitCuda(module, { namespace: 'rk_program' });
  return `${programPreamble}${text}
RK_DEV bool rk_handle(RkTurn* t, rk_u32 type) { return rk_program::rk_handle(t, type); }
`;
}
