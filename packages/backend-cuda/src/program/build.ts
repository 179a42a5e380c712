import { CudaUnavailableError } from '../errors.ts';
import type { Addon } from '../native/addon.ts';
import type { Libraries } from '../native/libraries.ts';
import { simulationFolder } from '../simulation/build.ts';
import { clang } from './clang.ts';
import type { Compiler } from './compiler.ts';
import { deviceHeaders } from './headers.ts';
import { hashOf, ImageCache, type ImageKey } from './image-cache.ts';
import { nvcc } from './nvcc.ts';
import { nvrtc } from './nvrtc.ts';
import { knownArchitecture } from './ptx.ts';

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
  /** Where programs lie that came with the application (see `writePtx`), null for nowhere. */
  readonly ptxFolder: string | null;
}

/** How a program of this process came to be. */
export interface ProgramOrigin {
  readonly program: string;
  /** `cache`, `shipped`: no compiler could be used, and one had compiled it before, here or elsewhere. */
  readonly from: 'nvrtc' | 'nvcc' | 'clang' | 'cache' | 'shipped' | 'simulation';
  /** Whether it was taken from a folder instead of being compiled. */
  readonly cached: boolean;
  /** Why what stands before it in this order was not taken. */
  readonly reasons: readonly string[];
}

interface Built {
  readonly image: Uint8Array;
  readonly origin: ProgramOrigin;
}

/** What a compiler made, and under which key it is kept. */
interface Compiled extends Built {
  readonly compiler: Compiler['name'];
  readonly key: ImageKey;
}

const origins: ProgramOrigin[] = [];

/** Every program that this process compiled or took from the cache, in that order. */
export function programOrigins(): readonly ProgramOrigin[] {
  return [...origins];
}

const images = new Map<string, Promise<Uint8Array>>();

/** What is compiled for every device besides its programs. */
export const systemProgram = '#include "rk_system.h"\n';

/** A program's text, behind which stands what defines `rk_handle`. */
export const programPreamble = '#include "rk_worker.h"\n';

/** Compiles a program, once for each text and target. Rejects with `CudaCompileError`, which has the log. */
export function buildProgram(target: Target, name: string, text: string): Promise<Uint8Array> {
  const { libraries, cacheFolder, ptxFolder } = target;
  const options = optionsFor(target);
  const key = [...libraries.nvrtc.slice(0, 1), cacheFolder, ptxFolder, ...options, text].join('\n');
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
  target: Target,
  name: string,
  text: string,
  options: readonly string[],
): Promise<Built> {
  const { addon, libraries, simulated, capability, cacheFolder } = target;
  const library = nvrtc(addon, libraries.nvrtc, knownArchitecture(capability), options);
  if (simulated) {
    const image = await library.compile(name, text);
    return { image, origin: { program: name, from: 'simulation', cached: false, reasons: [] } };
  }
  const reasons: string[] = [];
  const compiled = await compiledBy([library, nvcc(), clang()], cacheFolder, name, text, reasons);
  if (compiled !== null) return compiled;
  const program = programHash(text);
  for (const from of ['cache', 'shipped'] as const) {
    const folder = from === 'cache' ? cacheFolder : target.ptxFolder;
    if (folder === null) {
      reasons.push(`${from}: ${from === 'cache' ? 'turned off' : 'ptxFolder names no folder'}`);
      continue;
    }
    const found = new ImageCache(folder).find(program, capability);
    if (typeof found !== 'string') {
      return { image: found, origin: { program: name, from, cached: true, reasons } };
    }
    reasons.push(`${from} ${folder}: ${found}`);
  }
  throw new CudaUnavailableError(
    'compiler',
    `No compiler can be used for '${name}', and it was not compiled before:`,
    reasons,
    'install NVRTC, or name its library in RK_CUDA_NVRTC; or ship PTX (docs/cuda.md)',
  );
}

/** By the first compiler that can be used; kept in the folder, if one is given. `reasons` get why others can't. */
export async function compiledBy(
  compilers: readonly Compiler[],
  cacheFolder: string | null,
  name: string,
  text: string,
  reasons: string[],
): Promise<Compiled | null> {
  const cache = cacheFolder === null ? null : new ImageCache(cacheFolder);
  const program = programHash(text);
  for (const compiler of compilers) {
    try {
      const { architecture, name: from } = compiler;
      const key = { program, architecture, compiler: await compiler.identify() };
      const kept = cache?.read(key) ?? null;
      const image = kept ?? (await compiler.compile(name, text));
      if (kept === null) cache?.keep(key, image);
      const origin = { program: name, from, cached: kept !== null, reasons: [...reasons] };
      return { image, origin, key, compiler: from };
    } catch (thrown) {
      if (!(thrown instanceof CudaUnavailableError)) throw thrown;
      reasons.push(...thrown.reasons);
    }
  }
  return null;
}

/** What decides what a program does, whoever compiles it for whichever device. */
function programHash(text: string): string {
  return hashOf(...commonOptions, text, ...[...deviceHeaders()].flat());
}

// fmad would round once where JavaScript rounds twice.
const commonOptions = ['--std=c++17', '--fmad=false'];

function optionsFor({ simulated, capability, simulationFlags }: Target): readonly string[] {
  if (simulated) {
    // A user's own handler reads fields through pointers of their types.
    const flags = ['-O1', '-w', '-fno-strict-aliasing', ...simulationFlags].join(' ');
    return [`--sim-folder=${simulationFolder}`, `--sim-flags=${flags}`];
  }
  return [`--gpu-architecture=compute_${knownArchitecture(capability)}`, ...commonOptions];
}
