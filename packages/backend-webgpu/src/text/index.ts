import { bindings } from './bindings.ts';
import { mailbox } from './mailbox.ts';
import { memory } from './memory.ts';
import { output } from './output.ts';
import { sort } from './sort.ts';
import { ingress, move, tick, turn } from './tick.ts';

/** The engine's own passes. */
export const passes: Readonly<Record<'rk_turn' | 'rk_ingress' | 'rk_move', string>> = {
  rk_turn: [bindings, turn].join('\n'),
  rk_ingress: [bindings, memory, ingress].join('\n'),
  rk_move: [bindings, memory, move].join('\n'),
};

const before: string = [bindings, memory, sort, output, mailbox].join('\n');

/** Lines in front of the program of a kernel. */
export const programStart: number = before.split('\n').length;

/** The text of a kernel: the engine around its program. */
export function kernelText(program: string): string {
  return `${before}\n${program}\n${tick}`;
}
