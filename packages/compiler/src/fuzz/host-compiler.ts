import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** Undefined behaviour ends the program, and nothing is fused that CUDA does not fuse. Compiling takes longer than running. */
const flags = [
  '-std=c++17',
  '-O0',
  '-w',
  '-ffp-contract=off',
  // Without it g++ 12 makes `0 - x` of an x that was an integer `-x`, which is -0 where it should be 0.
  '-frounding-math',
  '-fsanitize=undefined,float-cast-overflow',
  '-fno-sanitize-recover=all',
];

/** g++ and a directory of its own for the programs that it makes. */
export class HostCompiler {
  readonly #directory: string;
  #programs = 0;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  /** The compiler, or a sentence that says why there is none. */
  static async open(): Promise<HostCompiler | string> {
    try {
      await execute('g++', ['--version']);
    } catch (error) {
      return `g++ cannot be run: ${error instanceof Error ? error.message : String(error)}`;
    }
    return new HostCompiler(await mkdtemp(join(tmpdir(), 'ringkernel-cuda-')));
  }

  async close(): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true });
  }

  /** Compiles a program and gives the path of what can be run. Throws what the compiler says. */
  async compile(text: string): Promise<string> {
    const path = join(this.#directory, `program${this.#programs++}`);
    await writeFile(`${path}.cc`, text);
    await execute('g++', [...flags, `${path}.cc`, '-o', path], { maxBuffer: 1 << 26 });
    return path;
  }
}

/** Runs a program with words on its standard input; throws with its standard error when it fails. */
export async function runProgram(
  path: string,
  args: readonly string[],
  input: Uint8Array,
): Promise<Uint8Array> {
  const child = spawn(path, args, { stdio: 'pipe' });
  const output: Buffer[] = [];
  let errors = '';
  child.stdout.on('data', (data: Buffer) => output.push(data));
  child.stderr.on('data', (data: Buffer) => {
    errors += data.toString();
  });
  child.stdin.end(input);
  const code = await new Promise<number | string>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status, signal) => resolve(status ?? signal ?? 'no status'));
  });
  if (code !== 0) throw new Error(`the program ended with ${code}: ${errors}`);
  return new Uint8Array(Buffer.concat(output));
}
