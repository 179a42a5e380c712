import { compileFunction } from 'node:vm';
import {
  buildProgram,
  buildWebAssemblyProgram,
  type Program,
  type ProgramEnv,
} from '@ringkernel/compiler/back-end';
import { instanceWords } from '@ringkernel/core';
import type { KernelStart } from '../control/messages.ts';
import type { Handling } from './handling.ts';
import type { WorkerKernel } from './kernel.ts';

/** What a worker's programs have in common. */
export interface ProgramPlace {
  readonly arena: SharedArrayBuffer;
  readonly seed: number;
  readonly thread: number;
}

/**
 * Builds a kernel's program and connects it with the thread. Null for a host-only kernel, and for WebAssembly on a
 * worker that owns no instance: it has no stage there and runs nothing.
 */
export function buildKernelProgram(
  { text, webAssembly, memory }: KernelStart,
  kernel: WorkerKernel,
  handling: Handling,
  place: ProgramPlace,
): Program | null {
  if (text !== null) {
    return buildText(text, kernel.name)(environment(kernel, handling, place));
  }
  const stageOffset = kernel.layout.stage(place.thread);
  if (webAssembly === null || stageOffset < 0) return null;
  if (memory instanceof SharedArrayBuffer)
    throw new TypeError('the memory is no WebAssembly.Memory');
  return buildWebAssemblyProgram(webAssembly, environment(kernel, handling, place), {
    memory,
    stageOffset,
  });
}

/** Where code from strings is disallowed, without the source map in the stacks of errors. */
function buildText(text: string, name: string): ReturnType<typeof buildProgram> {
  try {
    return buildProgram(text);
  } catch (error) {
    if (!(error instanceof EvalError)) throw error;
    return buildProgram(text, (body, parameters) =>
      compileFunction(body, parameters, { filename: `ringkernel:${name}` }),
    );
  }
}

function environment(
  kernel: WorkerKernel,
  handling: Handling,
  { arena, seed }: ProgramPlace,
): ProgramEnv {
  const { outbox } = handling;
  return {
    arena,
    memory: kernel.memory,
    stateOffset: kernel.layout.stateOffset,
    stateStride: kernel.layout.stateStride,
    drawsIndex: kernel.firstWord + instanceWords.drawsWord,
    drawsStride: instanceWords.sizeWords,
    baseAddress: kernel.base,
    instances: kernel.instances,
    seed,
    send: (sender, _header, destination, type, size, priority) =>
      outbox.send(kernel, sender, destination, type, size, priority),
    reply: (sender, header, type, size) => outbox.reply(kernel, sender, header, type, size),
    emit: (sender, _header, type, size) => outbox.emit(kernel, sender, type, size),
    fault: (_self, site, value) => handling.fault(site, value),
    tick: () => handling.watchdog.tick(),
  };
}
