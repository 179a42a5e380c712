import type { WgslForm } from '@ringkernel/compiler/back-end';
import { bindings } from './bindings.ts';
import { instanceText } from './instance.ts';
import { mailbox } from './mailbox.ts';
import { memory } from './memory.ts';
import { output } from './output.ts';
import { begin, burial, gather, ingress, move, turn } from './passes.ts';
import { sort } from './sort.ts';
import { submitText } from './submit.ts';
import { mayBeUndone, tickText } from './tick.ts';

const lists: string = [bindings, memory, sort, instanceText, mailbox].join('\n');

export type PassName =
  | 'rk_begin'
  | 'rk_ingress'
  | 'rk_turn'
  | 'rk_gather'
  | 'rk_move'
  | 'rk_burial';

/** The engine's own passes. */
export const passes: Readonly<Record<PassName, string>> = {
  rk_begin: [bindings, memory, submitText, begin].join('\n'),
  rk_ingress: [bindings, memory, submitText, ingress].join('\n'),
  rk_turn: [bindings, memory, submitText, turn].join('\n'),
  rk_gather: [bindings, gather].join('\n'),
  rk_move: [bindings, memory, move].join('\n'),
  rk_burial: [lists, burial].join('\n'),
};

/** The text of a kernel: the engine around its program of this form, with so many invocations in a workgroup. */
export function kernelText(program: string, form: WgslForm, lanes: number): string {
  return [lists, submitText, output, program, tickText(form, lanes, mayBeUndone(program))].join(
    '\n',
  );
}
