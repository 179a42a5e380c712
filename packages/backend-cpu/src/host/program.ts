import {
  emitJavaScript,
  emitWebAssembly,
  type Module,
  optimize,
  type WebAssemblyCode,
  webAssemblyFromText,
  webAssemblyGain,
} from '@ringkernel/compiler/back-end';
import {
  type KernelCode,
  type KernelImage,
  NotSupportedError,
  type Schedule,
} from '@ringkernel/core';
import type { KernelStart } from '../control/messages.ts';
import { hasWebAssembly } from '../memory/arena-memory.ts';
import { type CpuOptions, isInspected } from '../options.ts';

/** What the workers build a kernel from. */
export interface KernelProgram extends Pick<KernelStart, 'text' | 'webAssembly' | 'host'> {
  readonly code: KernelCode;
}

/** A portable actor as JavaScript or WebAssembly, or a host-only one's own program. */
export function programOf(
  image: KernelImage,
  schedule: Schedule,
  options: Pick<CpuOptions, 'code' | 'handlerTimeoutMs' | 'sourceMaps'>,
): KernelProgram {
  const { program, messages, emits } = image;
  if (program.kind === 'ir') {
    const module = program.module as Module;
    const code = codeOf(module, options);
    return code.form === 'webassembly'
      ? { text: null, webAssembly: webAssemblyOf(module, program.texts?.wasm), host: null, code }
      : { ...textProgram(javaScriptOf(module, image, options)), code };
  }
  if (schedule === 'lockstep') {
    throw new NotSupportedError('a host-only kernel', 'its loop does not keep to rounds', {
      hint: "open the device with schedule: 'async'",
    });
  }
  const code = { form: 'javascript', reason: 'a host-only kernel runs as it was written' } as const;
  return { text: null, webAssembly: null, host: { program, messages, emits }, code };
}

/** `text`: as emitted ahead of time. */
function webAssemblyOf(module: Module, text: string | undefined): WebAssemblyCode {
  return text === undefined ? emitWebAssembly(optimize(module)) : webAssemblyFromText(text);
}

/** As emitted ahead of time where that will do: such text can't be interrupted and has no source map. */
function javaScriptOf(
  module: Module,
  image: KernelImage,
  { handlerTimeoutMs, sourceMaps }: Pick<CpuOptions, 'handlerTimeoutMs' | 'sourceMaps'>,
): string {
  const interruptible = handlerTimeoutMs > 0;
  const text = image.program.kind === 'ir' ? image.program.texts?.js : undefined;
  if (text !== undefined && !interruptible && !sourceMaps) return text;
  return emitJavaScript(optimize(module), { interruptible, ...(sourceMaps && { mapTo: image }) });
}

/** A program given as the text that a worker builds it from. */
export function textProgram(text: string): KernelProgram {
  const code = { form: 'javascript', reason: 'it was given as JavaScript' } as const;
  return { text, webAssembly: null, host: null, code };
}

/** What the program is to be, and why. Throws `NotSupportedError` when it has to be WebAssembly and can't. */
function codeOf(
  module: Module,
  { code: choice, handlerTimeoutMs }: Pick<CpuOptions, 'code' | 'handlerTimeoutMs'>,
): KernelCode {
  if (choice === 'javascript') return { form: choice, reason: `the option code is '${choice}'` };
  const against = reasonAgainst(handlerTimeoutMs);
  if (against !== null) {
    if (choice === 'auto') return { form: 'javascript', reason: against };
    throw new NotSupportedError("code: 'webassembly'", against, { hint: "use code: 'auto'" });
  }
  if (choice === 'webassembly') return { form: choice, reason: `the option code is '${choice}'` };
  if (isInspected())
    return { form: 'javascript', reason: 'a debugger can step through JavaScript' };
  const where = webAssemblyGain(module);
  return where === null
    ? { form: 'javascript', reason: 'no loop computes with f32, i64 or u64' }
    : { form: 'webassembly', reason: `a loop in ${where} computes with f32, i64 or u64` };
}

/** Why no program can be WebAssembly on this device. */
function reasonAgainst(handlerTimeoutMs: number): string | null {
  if (!hasWebAssembly()) return 'this engine has no WebAssembly';
  return handlerTimeoutMs === 0 ? null : 'WebAssembly can not be ended after handlerTimeoutMs';
}

/** Bytes of its own that a thread needs to run the program. */
export function stageBytes(code: WebAssemblyCode | null): number {
  return code?.stage.sizeBytes ?? 0;
}
