import { CudaUnavailableError, typedError } from '../errors.ts';
import type { Addon } from '../native/addon.ts';
import type { Libraries } from '../native/libraries.ts';
import { simulationFolder } from '../simulation/build.ts';
import { deviceHeaders } from './headers.ts';
import { compileWithNvcc } from './nvcc.ts';

/** For what a program is compiled. */
export interface Target {
  readonly addon: Addon;
  readonly libraries: Libraries;
  readonly simulated: boolean;
  /** Compute capability, such as 90. */
  readonly capability: number;
  readonly simulationFlags: readonly string[];
}

const images = new Map<string, Promise<Uint8Array>>();

/** What is compiled for every device besides its programs. */
export const systemProgram = '#include "rk_dispatch.h"\n';

/** A program's text, behind which stands what defines `rk_handle`. */
export const programPreamble = '#include "rk_worker.h"\n';

/** Compiles a program, once for each text and target. Rejects with `CudaCompileError`, which has the log. */
export function buildProgram(target: Target, name: string, text: string): Promise<Uint8Array> {
  const options = optionsFor(target);
  const key = [...target.libraries.nvrtc.slice(0, 1), ...options, text].join('\n');
  const known = images.get(key);
  if (known !== undefined) return known;
  const image = build(target, name, text, options);
  images.set(key, image);
  image.catch(() => images.delete(key)); // what failed may work next time: a library was installed
  return image;
}

async function build(
  { addon, libraries, simulated }: Target,
  name: string,
  text: string,
  options: readonly string[],
): Promise<Uint8Array> {
  const headers = deviceHeaders();
  try {
    const { image } = await addon.compile(
      libraries.nvrtc,
      `${name}.cu`,
      text,
      [...headers.keys()],
      [...headers.values()],
      options,
    );
    return image;
  } catch (thrown) {
    const error = typedError(thrown, name);
    if (simulated || !(error instanceof CudaUnavailableError)) throw error;
    return await compileWithNvcc(name, text, error.reasons);
  }
}

function optionsFor({ simulated, capability, simulationFlags }: Target): readonly string[] {
  if (simulated) {
    const flags = ['-O1', '-w', ...simulationFlags].join(' ');
    return [`--sim-folder=${simulationFolder}`, `--sim-flags=${flags}`];
  }
  // fmad would round once where JavaScript rounds twice.
  return [`--gpu-architecture=compute_${capability}`, '--std=c++17', '--fmad=false'];
}
