import type { Program, ProgramEnv } from '../js/abi.ts';
import { headerBytes, type WebAssemblyCode } from './image.ts';
import type { GlobalName, HookName, MathHook } from './imports.ts';

/** A shared `WebAssembly.Memory`, as far as it is needed here. */
interface ImportedMemory {
  readonly buffer: SharedArrayBuffer;
}

/** What a WebAssembly program needs beside what one in JavaScript does. */
export interface WebAssemblyStage {
  /** The memory of which `ProgramEnv.memory` is the buffer. */
  readonly memory: ImportedMemory;
  /** Byte offset in it, a multiple of 64, of `stage.sizeBytes` bytes that only this thread uses. */
  readonly stageOffset: number;
}

interface Engine {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
}

interface Exports {
  run(self: number, header: number, handler: number): void;
}

const math: Readonly<Record<MathHook, (a: number, b: number) => number>> = {
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  exp: Math.exp,
  exp2: (x) => 2 ** x,
  log: Math.log,
  log2: Math.log2,
  tanh: Math.tanh,
  atan2: Math.atan2,
  pow: (x, y) => x ** y,
};

/** Up to this many words are copied one by one. */
const fewWords = 32;

/**
 * Instantiates what `emitWebAssembly` gave. Messages lie in the arena, which is another memory: the one being handled
 * is copied to the stage, and the payloads that the program makes there to where the engine wants them. Throws what
 * the engine throws when it refuses WebAssembly.
 */
export function buildWebAssemblyProgram(
  code: WebAssemblyCode,
  env: ProgramEnv,
  { memory: shared, stageOffset }: WebAssemblyStage,
): Program {
  const engine = (globalThis as unknown as { readonly WebAssembly: Engine }).WebAssembly;
  const { stage, messages, firstByte } = code;
  const arena = new Uint32Array(env.arena);
  const memory = new Uint32Array(shared.buffer);
  const payload = (stageOffset + stage.payload) >>> 2;
  const send = (offset: number, size: number): void => {
    copyWords(memory, payload, arena, offset >>> 2, (size + 3) >>> 2);
  };
  const hooks: Readonly<Record<HookName, (...args: number[]) => unknown>> = {
    ...(math as Record<MathHook, (...args: number[]) => number>),
    send: (self = 0, header = 0, to = 0, type = 0, size = 0, priority = 0) =>
      send(env.send(self, header >>> 0, to >>> 0, type >>> 0, size, priority), size),
    reply: (self = 0, header = 0, type = 0, size = 0) =>
      send(env.reply(self, header >>> 0, type >>> 0, size), size),
    emit: (self = 0, header = 0, type = 0, size = 0) =>
      send(env.emit(self, header >>> 0, type >>> 0, size), size),
    fault: (self = 0, site = 0, value = 0) => env.fault(self, site, value >>> 0),
  };
  const globals: Readonly<Record<GlobalName, number>> = {
    stage: stageOffset,
    stateOffset: env.stateOffset,
    stateStride: env.stateStride,
    drawsOffset: env.drawsIndex * 4,
    drawsStride: env.drawsStride * 4,
    baseAddress: env.baseAddress,
    instances: env.instances,
    seed: env.seed,
  };
  const imports = { env: { ...hooks, ...globals, memory: shared } };
  const { run } = new engine.Instance(new engine.Module(code.bytes), imports).exports as Exports;
  const ids = Int32Array.from(messages, ({ id }) => id);
  const counts = messages.map(({ sizeBytes }) => (headerBytes - firstByte + sizeBytes + 3) >>> 2);
  const firstWord = firstByte >>> 2;
  const target = (stageOffset + stage.message + firstByte) >>> 2;
  return {
    run(self, header) {
      const start = header >>> 2;
      const type = (arena[start + 1] as number) | 0;
      let handler = 0;
      while (handler < ids.length && ids[handler] !== type) handler++;
      if (handler === ids.length) return false;
      copyWords(arena, start + firstWord, memory, target, counts[handler] as number);
      run(self, header, handler);
      return true;
    },
  };
}

function copyWords(
  from: Uint32Array,
  start: number,
  to: Uint32Array,
  target: number,
  count: number,
): void {
  if (count > fewWords) {
    to.set(from.subarray(start, start + count), target);
    return;
  }
  for (let i = 0; i < count; i++) to[target + i] = from[start + i] as number;
}
