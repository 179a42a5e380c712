import type { Module } from '../ir/types.ts';
import { buildWebAssemblyProgram, emitWebAssembly, type WebAssemblyCode } from '../wasm/index.ts';
import { runScenario, type Scenario, type Trace } from './engine.ts';
import type { FuzzTarget } from './targets.ts';

const pageBytes = 65_536;
const garbage = 0x5a;

interface SharedMemory {
  readonly buffer: SharedArrayBuffer;
  grow(pages: number): number;
}

interface Engine {
  readonly Memory: new (size: { initial: number; maximum: number; shared: true }) => SharedMemory;
}

let memory: SharedMemory | null = null;

/** One memory for all programs: each one takes a large piece of the address space. */
function memoryFor(sizeBytes: number): SharedMemory {
  const { Memory } = (globalThis as unknown as { readonly WebAssembly: Engine }).WebAssembly;
  memory ??= new Memory({ initial: 1, maximum: 1024, shared: true });
  const missing = sizeBytes - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / pageBytes));
  return memory;
}

/** Runs WebAssembly that `emitWebAssembly` gave for this module. */
export function runWebAssembly(module: Module, scenario: Scenario, code: WebAssemblyCode): Trace {
  let stageOffset = 0;
  let shared: SharedMemory | null = null;
  return runScenario(
    module,
    scenario,
    (env) => {
      if (shared === null) throw new Error('a program is built after its memory is allocated');
      return buildWebAssemblyProgram(code, env, { memory: shared, stageOffset });
    },
    (sizeBytes) => {
      stageOffset = Math.ceil(sizeBytes / 64) * 64;
      const end = stageOffset + code.stage.sizeBytes;
      shared = memoryFor(end);
      new Uint8Array(shared.buffer, 0, stageOffset).fill(0);
      new Uint8Array(shared.buffer, stageOffset).fill(garbage);
      return shared.buffer;
    },
  );
}

export const webAssembly: FuzzTarget = {
  name: 'wasm',
  run: (module, scenario) => runWebAssembly(module, scenario, emitWebAssembly(module)),
};
