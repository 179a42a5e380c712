import { emitJavaScript, type Module, optimize } from '@ringkernel/compiler';
import { type KernelImage, NotSupportedError, type Schedule } from '@ringkernel/core';
import type { KernelStart } from '../control/messages.ts';

/** What the workers build a kernel from: the JavaScript of a portable actor, or a host-only one's own program. */
export function programOf(
  { program, messages, emits }: KernelImage,
  schedule: Schedule,
): Pick<KernelStart, 'text' | 'host'> {
  if (program.kind === 'ir') {
    return { text: emitJavaScript(optimize(program.module as Module)), host: null };
  }
  if (schedule === 'lockstep') {
    throw new NotSupportedError('a host-only kernel', 'its loop does not keep to rounds', {
      hint: "open the device with schedule: 'async'",
    });
  }
  return { text: null, host: { program, messages, emits } };
}
