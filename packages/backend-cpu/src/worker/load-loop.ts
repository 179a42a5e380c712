import type { HostProgram } from '@ringkernel/core';
import type { Loop } from './host-loop.ts';

/** The loop of a host-only kernel, from its text or from its module. */
export async function loadLoop(program: HostProgram, name: string): Promise<Loop> {
  const loop = program.moduleUrl === undefined ? fromText(program, name) : await imported(program);
  if (typeof loop === 'function') return loop as Loop;
  const { moduleUrl, exportName } = program;
  const where = moduleUrl === undefined ? 'its text' : `export '${exportName}' of ${moduleUrl}`;
  throw new TypeError(`${where} should be the loop of ${name}, found ${typeof loop}`);
}

/** `Function` and not `node:vm`: what it builds may use `import()`, as the language has it. */
function fromText({ source }: HostProgram, name: string): unknown {
  return new Function(`return (${source});\n//# sourceURL=ringkernel:${name}`)();
}

async function imported({ moduleUrl, exportName }: HostProgram): Promise<unknown> {
  const module = (await import(moduleUrl as string)) as Readonly<Record<string, unknown>>;
  return module[exportName as string];
}
