import { CudaUnavailableError, typedError } from '../errors.ts';
import type { Addon } from '../native/addon.ts';
import type { Compiler } from './compiler.ts';
import { deviceHeaders } from './headers.ts';
import { forOlderDrivers } from './ptx.ts';

/** What NVRTC says when it is older than the device, or when the library of its built-in functions is missing. */
const unknownOption = 5;
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
        const { image } = await addon.compile(paths, `${name}.cu`, text, names, texts, options);
        const ptx = forOlderDrivers(new TextDecoder().decode(image), architecture);
        return new TextEncoder().encode(ptx);
      } catch (thrown) {
        throw unusable(thrown) ?? typedError(thrown, name);
      }
    },
  };
}

/** NVRTC that is here and can't be used; null when it said something about the program. */
function unusable(thrown: unknown): CudaUnavailableError | null {
  const {
    result,
    message = '',
    log = '',
  } = Object(thrown) as {
    readonly result?: number;
    readonly message?: string;
    readonly log?: string;
  };
  const said = [message, log.trim()].filter((part) => part !== '').join(': ');
  if (result === noBuiltins) {
    const hint = 'install all of NVRTC: libnvrtc-builtins belongs beside libnvrtc';
    return new CudaUnavailableError('compiler', 'NVRTC is incomplete:', [said], hint);
  }
  if (result !== unknownOption) return null;
  return new CudaUnavailableError('compiler', 'NVRTC is too old:', [said], 'install a newer one');
}
