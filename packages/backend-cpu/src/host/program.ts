import {
  emitJavaScript,
  emitWebAssembly,
  type Module,
  optimize,
  type WebAssemblyCode,
  webAssemblyGain,
} from '@ringkernel/compiler';
import {
  type KernelCode,
  type KernelImage,
  NotSupportedError,
  type Schedule,
} from '@ringkernel/core';
import type { KernelStart } from '../control/messages.ts';
import { hasWebAssembly } from '../memory/arena-memory.ts';
import type { CodeChoice } from '../options.ts';

/** What the workers build a kernel from. */
export interface KernelProgram extends Pick<KernelStart, 'text' | 'webAssembly' | 'host'> {
  readonly code: KernelCode;
}

/** A portable actor as JavaScript or WebAssembly, or a host-only one's own program. */
export function programOf(
  { program, messages, emits }: KernelImage,
  schedule: Schedule,
  choice: CodeChoice,
): KernelProgram {
  if (program.kind === 'ir') {
    const module = optimize(program.module as Module);
    const code = codeOf(module, choice);
    return code.form === 'webassembly'
      ? { text: null, webAssembly: emitWebAssembly(module), host: null, code }
      : { ...textProgram(emitJavaScript(module)), code };
  }
  if (schedule === 'lockstep') {
    throw new NotSupportedError('a host-only kernel', 'its loop does not keep to rounds', {
      hint: "open the device with schedule: 'async'",
    });
  }
  const code = { form: 'javascript', reason: 'a host-only kernel runs as it was written' } as const;
  return { text: null, webAssembly: null, host: { program, messages, emits }, code };
}

/** A program given as the text that a worker builds it from. */
export function textProgram(text: string): KernelProgram {
  const code = { form: 'javascript', reason: 'it was given as JavaScript' } as const;
  return { text, webAssembly: null, host: null, code };
}

/** What the program is to be, and why. Throws `NotSupportedError` when it has to be WebAssembly and can't. */
function codeOf(module: Module, choice: CodeChoice): KernelCode {
  if (choice === 'javascript') return { form: choice, reason: `the option code is '${choice}'` };
  if (!hasWebAssembly()) {
    const reason = 'this engine has no WebAssembly';
    if (choice === 'auto') return { form: 'javascript', reason };
    throw new NotSupportedError("code: 'webassembly'", reason, { hint: "use code: 'auto'" });
  }
  if (choice === 'webassembly') return { form: choice, reason: `the option code is '${choice}'` };
  const where = webAssemblyGain(module);
  return where === null
    ? { form: 'javascript', reason: 'no loop computes with f32, i64 or u64' }
    : { form: 'webassembly', reason: `a loop in ${where} computes with f32, i64 or u64` };
}

/** Bytes of its own that a thread needs to run the program. */
export function stageBytes(code: WebAssemblyCode | null): number {
  return code?.stage.sizeBytes ?? 0;
}
