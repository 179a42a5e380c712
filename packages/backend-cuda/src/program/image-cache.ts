import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** What an image depends on. */
export interface ImageKey {
  /** `hashOf` the program's text, of every header, and of the options that all compilers get. */
  readonly program: string;
  /** Compute capability for which it is, such as 75. */
  readonly architecture: number;
  /** The compiler's name, version and options. */
  readonly compiler: string;
}

/** Where images are kept unless told otherwise. */
export function defaultCacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'ringkernel', 'cuda');
}

export function hashOf(...texts: readonly string[]): string {
  const hash = createHash('sha256');
  for (const text of texts) hash.update(`${text.length}\n${text}`);
  return hash.digest('hex');
}

/**
 * Compiled programs in a folder, one file each. Processes may share it: files appear whole, by renaming. Each begins
 * with the hash of the rest, as a comment of PTX, so that a damaged one is not used.
 */
export class ImageCache {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** What was kept under this key, null when there is nothing or it is damaged. */
  read(key: ImageKey): Uint8Array | null {
    return this.#open(fileOf(key));
  }

  /** Keeps an image. A folder that can't be written is a warning of the process: it costs time, and nothing else. */
  keep(key: ImageKey, image: Uint8Array): void {
    try {
      this.write(key, image);
    } catch (error) {
      process.emitWarning(`compiled CUDA programs can't be kept: ${String(error)}`, {
        code: 'RK_CUDA_CACHE',
      });
    }
  }

  /** The same, but throws what the file system says. */
  write(key: ImageKey, image: Uint8Array): void {
    const file = join(this.#folder, fileOf(key));
    const draft = `${file}.${randomBytes(6).toString('hex')}`;
    mkdirSync(this.#folder, { recursive: true });
    try {
      writeFileSync(draft, Buffer.concat([Buffer.from(headOf(image)), image]));
      renameSync(draft, file);
    } finally {
      rmSync(draft, { force: true });
    }
  }

  /** An image of the program for the newest architecture that this device has, whatever compiled it, or why not. */
  find(program: string, capability: number): Uint8Array | string {
    const all = this.#files().flatMap((file) => {
      const [hash, architecture] = file.split('-');
      return hash === shortened(program) ? [{ file, architecture: Number(architecture) }] : [];
    });
    if (all.length === 0) return 'it has nothing of this text, headers and options';
    const fitting = all.filter(({ architecture }) => architecture <= capability);
    if (fitting.length === 0) {
      const least = Math.min(...all.map(({ architecture }) => architecture));
      return `it has it for compute capability ${versionOf(least)}, the device has ${versionOf(capability)}`;
    }
    fitting.sort((a, b) => b.architecture - a.architecture);
    for (const { file } of fitting) {
      const image = this.#open(file);
      if (image !== null) return image;
    }
    return `${fitting.map(({ file }) => file).join(', ')} can't be read, or is damaged`;
  }

  #files(): readonly string[] {
    try {
      return readdirSync(this.#folder).filter((file) => file.endsWith('.ptx'));
    } catch {
      return []; // no such folder: nothing was kept yet
    }
  }

  #open(file: string): Uint8Array | null {
    let bytes: Uint8Array;
    try {
      bytes = new Uint8Array(readFileSync(join(this.#folder, file)));
    } catch {
      return null; // not there: it was never kept, or somebody tidied up
    }
    const image = bytes.subarray(headLength);
    const head = new TextDecoder().decode(bytes.subarray(0, headLength));
    return head === headOf(image) ? image : null;
  }
}

const headLength = headOf(new Uint8Array()).length;

function headOf(image: Uint8Array): string {
  return `// sha256 ${createHash('sha256').update(image).digest('hex')}\n`;
}

function fileOf({ program, architecture, compiler }: ImageKey): string {
  return `${shortened(program)}-${architecture}-${hashOf(compiler).slice(0, 16)}.ptx`;
}

function shortened(hash: string): string {
  return hash.slice(0, 40);
}

/** A compute capability as NVIDIA writes it: 9.0 for 90. */
export function versionOf(capability: number): string {
  return (capability / 10).toFixed(1);
}
