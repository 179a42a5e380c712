import { compileFunction } from 'node:vm';
import type { Program, ProgramEnv } from '@ringkernel/compiler';
import { instanceWords } from '@ringkernel/core';
import type { Engine } from './engine.ts';
import type { WorkerKernel } from './kernel.ts';

/** Builds a kernel's program from its text and connects it with the engine. */
export function buildProgram(
  text: string,
  kernel: WorkerKernel,
  engine: Engine,
  arena: SharedArrayBuffer,
  seed: number,
): Program {
  const { outbox } = engine;
  const env: ProgramEnv = {
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
    fault: (_self, site, value) => engine.fault(site, value),
  };
  const build = compileFunction(text, ['env'], { filename: `ringkernel:${kernel.name}` });
  return (build as (env: ProgramEnv) => Program)(env);
}
