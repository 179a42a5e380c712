import { emitCuda, type Module } from '@ringkernel/compiler/back-end';
import { programPreamble } from './build.ts';

/** A module as a program for the device; an interruptible one's loops look whether the handler has had its time. */
export function programText(module: Module, interruptible: boolean): string {
  const text = emitCuda(module, { namespace: 'rk_program', interruptible });
  return `${programPreamble}${text}
RK_DEV bool rk_handle(RkTurn* t, rk_u32 type) { return rk_program::rk_handle(t, type); }
`;
}
