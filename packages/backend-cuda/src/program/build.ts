import { CudaUnavailableError } from '../errors.ts';
import type { Addon } from '../native/addon.ts';
import type { Libraries } from '../native/libraries.ts';
import { simulationFolder } from '../simulation/build.ts';
import { deviceHeaders } from './headers.ts';
import { hashOf, ImageCache } from './image-cache.ts';
import { nvcc } from './nvcc.ts';
import { nvrtc } from './nvrtc.ts';

/** For what a program is compiled. */
export interface Target {
  readonly addon: Addon;
  readonly libraries: Libraries;
  readonly simulated: boolean;
  /** Compute capability, such as 90. */
  readonly capability: number;
  readonly simulationFlags: readonly string[];
  /** Where compiled programs are kept, null for nowhere. Not used by the simulation, which keeps its own. */
  readonly cacheFolder: string | null;
}

/** How a program of this process came to be. */
export interface ProgramOrigin {
  readonly program: string;
  /** `cache`: no compiler could be used, and one had compiled it before. */
  readonly from: 'nvrtc' | 'nvcc' | 'cache' | 'simulation';
  /** Whether it was taken from the cache's folder instead of being compiled. */
  readonly cached: boolean;
  /** Why what stands before it in this order was not taken. */
  readonly reasons: readonly string[];
}

interface Built {
  readonly image: Uint8Array;
  readonly origin: ProgramOrigin;
}

const origins: ProgramOrigin[] = [];

/** Every program that this process compiled or took from the cache, in that order. */
export function programOrigins(): readonly ProgramOrigin[] {
  return [...origins];
}

const images = new Map<string, Promise<Uint8Array>>();

/** What is compiled for every device besides its programs. */
export const systemProgram = '#include "rk_dispatch.h"\n';

/** A program's text, behind which stands what defines `rk_handle`. */
export const programPreamble = '#include "rk_worker.h"\n';

/** Compiles a program, once for each text and target. Rejects with `CudaCompileError`, which has the log. */
export function buildProgram(target: Target, name: string, text: string): Promise<Uint8Array> {
  const { libraries, cacheFolder } = target;
  const options = optionsFor(target);
  const key = [...libraries.nvrtc.slice(0, 1), cacheFolder, ...options, text].join('\n');
  const known = images.get(key);
  if (known !== undefined) return known;
  const image = build(target, name, text, options).then(({ image: made, origin }) => {
    origins.push(origin);
    return made;
  });
  images.set(key, image);
  image.catch(() => images.delete(key)); // what failed may work next time: a library was installed
  return image;
}

async function build(
  { addon, libraries, simulated, capability, cacheFolder }: Target,
  name: string,
  text: string,
  options: readonly string[],
): Promise<Built> {
  const library = nvrtc(addon, libraries.nvrtc, capability, options);
  if (simulated) {
    const image = await library.compile(name, text);
    return { image, origin: { program: name, from: 'simulation', cached: false, reasons: [] } };
  }
  const cache = cacheFolder === null ? null : new ImageCache(cacheFolder);
  const program = hashOf(text, ...[...deviceHeaders()].flat());
  const reasons: string[] = [];
  for (const compiler of [library, nvcc]) {
    try {
      const { architecture, name: from } = compiler;
      const key = { program, architecture, compiler: await compiler.identify() };
      const kept = cache?.read(key) ?? null;
      const image = kept ?? (await compiler.compile(name, text));
      if (kept === null) cache?.write(key, image);
      return { image, origin: { program: name, from, cached: kept !== null, reasons } };
    } catch (thrown) {
      if (!(thrown instanceof CudaUnavailableError)) throw thrown;
      reasons.push(...thrown.reasons);
    }
  }
  const image = cache?.find(program, capability) ?? null;
  if (image !== null) {
    return { image, origin: { program: name, from: 'cache', cached: true, reasons } };
  }
  throw new CudaUnavailableError(
    'compiler',
    `Neither NVRTC nor nvcc can be used, and '${name}' is not in the cache:`,
    [...reasons, `cache: ${cacheFolder ?? 'turned off'}`],
    'install NVRTC, or name its library in RK_CUDA_NVRTC',
  );
}

function optionsFor({ simulated, capability, simulationFlags }: Target): readonly string[] {
  if (simulated) {
    // A user's own handler reads fields through pointers of their types.
    const flags = ['-O1', '-w', '-fno-strict-aliasing', ...simulationFlags].join(' ');
    return [`--sim-folder=${simulationFolder}`, `--sim-flags=${flags}`];
  }
  // fmad would round once where JavaScript rounds twice.
  return [`--gpu-architecture=compute_${capability}`, '--std=c++17', '--fmad=false'];
}
