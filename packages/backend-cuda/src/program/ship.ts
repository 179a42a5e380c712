import { InvalidOptionError, type KernelImage } from '@ringkernel/core';
import { CudaUnavailableError } from '../errors.ts';
import { cudaOptions } from '../options.ts';
import { compiledBy, systemProgram } from './build.ts';
import { clang } from './clang.ts';
import { type Compiler, oldestArchitecture } from './compiler.ts';
import { ImageCache } from './image-cache.ts';
import { nvcc } from './nvcc.ts';
import { programOf } from './program.ts';
import { ptxArchitectures } from './ptx.ts';

/** For what `writePtx` compiles. */
export interface PtxOptions {
  /** Where the files go: the `ptxFolder` of who runs them. */
  readonly folder: string;
  /** Compute capabilities, each for itself and up; 75 runs on every device that is taken, and is the default. */
  readonly architectures?: readonly number[];
  /** As the runtime will be given them: `form`, `blockThreads`, `handlerTimeoutMs` and `handlers` change a program. */
  readonly backendOptions?: Readonly<Record<string, unknown>>;
}

/** A program that `writePtx` has written. */
export interface WrittenPtx {
  /** An actor, or `system`: what runs beside all actors. */
  readonly program: string;
  readonly architecture: number;
  readonly from: Compiler['name'];
}

/**
 * Compiles actors, and what runs beside them, to PTX files that go with an application to where no compiler is. A device
 * uses one whose text, headers and options are the same, for its own compute capability or an older one. Rejects with
 * `CudaUnavailableError` where neither nvcc nor clang can be used, with `CudaCompileError` for what they refuse.
 */
export async function writePtx(
  images: readonly KernelImage[],
  { folder, architectures = [oldestArchitecture], backendOptions }: PtxOptions,
): Promise<readonly WrittenPtx[]> {
  const options = cudaOptions(backendOptions);
  const wrong = architectures.find((one) => !ptxArchitectures.includes(one));
  if (wrong !== undefined || architectures.length === 0) {
    throw new InvalidOptionError('architectures', `of ${ptxArchitectures.join(', ')}`, wrong ?? []);
  }
  const programs: [name: string, text: string][] = [['system', systemProgram]];
  for (const image of images) {
    if (image.program.kind !== 'ir') continue; // a host-only actor runs on no device
    programs.push([image.name, programOf(image, image.program, options).text]);
  }
  const written: WrittenPtx[] = [];
  for (const architecture of architectures) {
    const compilers = [nvcc(architecture), clang(architecture)];
    for (const [name, text] of programs) {
      const from = await write(new ImageCache(folder), compilers, name, text);
      written.push({ program: name, architecture, from });
    }
  }
  return written;
}

async function write(
  files: ImageCache,
  compilers: readonly Compiler[],
  name: string,
  text: string,
): Promise<Compiler['name']> {
  const reasons: string[] = [];
  const compiled = await compiledBy(compilers, null, name, text, reasons);
  if (compiled === null) {
    const hint = 'install the CUDA toolkit, or clang';
    throw new CudaUnavailableError('compiler', `'${name}' can't be compiled here:`, reasons, hint);
  }
  files.write(compiled.key, compiled.image);
  return compiled.compiler;
}
