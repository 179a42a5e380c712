import { compile, type ProgramEnv, type WebAssemblyStage } from '@ringkernel/compiler';
import type { AnyActor, SharedMemory } from '@ringkernel/core';
import { nsPer } from './measure.ts';

const instances = 64;
const headerBytes = 64;
const pageBytes = 65_536;

const { Memory: SharedMemoryOf } = (
  globalThis as unknown as {
    readonly WebAssembly: {
      readonly Memory: new (size: {
        initial: number;
        maximum: number;
        shared: true;
      }) => SharedMemory;
    };
  }
).WebAssembly;

export interface Memory {
  readonly env: ProgramEnv;
  /** Byte offsets of one message per instance. */
  readonly headers: readonly number[];
  readonly stride: number;
  /** What a WebAssembly program needs of it. */
  readonly stage: WebAssemblyStage;
}

/** States and one message for each instance, in shared memory as in the product, and `stageBytes` behind them. */
export function memoryOf(definition: AnyActor, stageBytes: number): Memory {
  const { state, messages } = compile(definition);
  const [message] = messages;
  const stride = Math.ceil(state.size / 8) * 8;
  const bytes = headerBytes + Math.ceil((message?.layout.size ?? 0) / 64) * 64;
  const arena = new SharedArrayBuffer(bytes * instances);
  const headers = Array.from({ length: instances }, (_, i) => i * bytes);
  const words = new Uint32Array(arena);
  for (const header of headers) {
    words[header / 4 + 1] = message?.id ?? 0;
    words[header / 4 + 16] = 0x3f800000 + header;
  }
  // Every word is a plain f32 between 0.5 and 2: floating point is slower on some values than on others.
  const statesBytes = stride * instances + 8 * instances;
  const stageOffset = Math.ceil(statesBytes / 64) * 64;
  const pages = Math.ceil((stageOffset + stageBytes) / pageBytes);
  const memory = new SharedMemoryOf({ initial: pages, maximum: pages, shared: true });
  const stateWords = new Uint32Array(memory.buffer);
  for (let i = 0; i < statesBytes / 4; i++) stateWords[i] = 0x3f000000 + i * 1009;
  const none = (): number => {
    throw new Error('these actors send nothing');
  };
  const env: ProgramEnv = {
    arena,
    memory: memory.buffer,
    stateOffset: 0,
    stateStride: stride,
    drawsIndex: (stride * instances) / 4,
    drawsStride: 1,
    baseAddress: 64,
    instances,
    seed: 0,
    send: none,
    reply: none,
    emit: none,
    fault: none,
  };
  return { env, headers, stride, stage: { memory, stageOffset } };
}

export type Handler = (self: number, header: number) => void;

export function time(headers: readonly number[], handler: Handler, count: number): number {
  const rounds = Math.ceil(count / headers.length);
  return nsPer(rounds * headers.length, () => {
    for (let round = 0; round < rounds; round++) {
      for (let i = 0; i < headers.length; i++) handler(i, headers[i] ?? 0);
    }
  });
}
