import type { Module } from '../ir/types.ts';
import type { Program, ProgramEnv } from '../js/abi.ts';
import { handle } from './execute.ts';
import { Machine } from './machine.ts';

/**
 * The reference interpreter: runs a module by walking its tree, one operation at a time, written to be obviously
 * right and not to be fast. Every backend and every emitter is compared with it, so it shares no arithmetic with
 * them: whole numbers are computed as bigints, and every index is checked, proven `safe` or not.
 */
export function interpretProgram(module: Module): (env: ProgramEnv) => Program {
  return (env) => {
    const machine = new Machine(module, env);
    return {
      run(self, header) {
        const type = machine.arena.getUint32(header + 4, true);
        const handler = module.handlers[module.messages.findIndex(({ id }) => id === type)];
        if (handler === undefined) return false;
        handle(machine, handler, self, header);
        return true;
      },
    };
  };
}
