import { CudaUnavailableError, typedError } from '../errors.ts';
import type { Addon } from '../native/addon.ts';
import type { Compiler } from './compiler.ts';
import { deviceHeaders } from './headers.ts';

/** What NVRTC says when the library that has its built-in functions does not lie beside it. */
const noBuiltins = 7;

/** NVRTC, from the first of these libraries that loads. */
export function nvrtc(
  addon: Addon,
  paths: readonly string[],
  architecture: number,
  options: readonly string[],
): Compiler {
  return {
    name: 'nvrtc',
    architecture,
    async identify(): Promise<string> {
      try {
        const { version } = addon.findCompiler(paths);
        return `NVRTC ${version} ${options.join(' ')}`;
      } catch (thrown) {
        throw typedError(thrown);
      }
    },
    async compile(name: string, text: string): Promise<Uint8Array> {
      const headers = deviceHeaders();
      const [names, texts] = [[...headers.keys()], [...headers.values()]];
      try {
        return (await addon.compile(paths, `${name}.cu`, text, names, texts, options)).image;
      } catch (thrown) {
        const { result, message } = Object(thrown) as { result?: number; message?: string };
        if (result !== noBuiltins) throw typedError(thrown, name);
        const hint = 'install all of NVRTC: libnvrtc-builtins belongs beside libnvrtc';
        throw new CudaUnavailableError('compiler', 'NVRTC is incomplete:', [message ?? ''], hint);
      }
    },
  };
}
