import { CudaCompileError, CudaUnavailableError } from '../errors.ts';
import { cannotUse, compileInFolder, output } from './command.ts';
import { type Compiler, oldestArchitecture } from './compiler.ts';

/** As distributions name it. */
const versions = [22, 21, 20, 19, 18, 17, 16];
const usualNames: readonly string[] = ['clang', ...versions.map((n) => `clang-${n}`)];

/** Mathematics that device/rk_clang.h leaves out. */
const absent = /undeclared identifier 'rk_clang_(?<name>\w+)'/gu;

/**
 * clang, which makes PTX without any file of NVIDIA's. It has no code for sin, cos, pow and their like: a program with
 * them can't be compiled by it. `RK_CUDA_CLANG` names the program instead of the usual names.
 */
export function clang(
  architecture: number = oldestArchitecture,
  env: NodeJS.ProcessEnv = process.env,
): Compiler {
  const names = env.RK_CUDA_CLANG ? [env.RK_CUDA_CLANG] : usualNames;
  const options = [
    ...['-x', 'cuda', '--cuda-device-only', '-nocudainc', '-nocudalib', '-S'],
    `--cuda-gpu-arch=sm_${architecture}`,
    ...['-std=c++17', '-O3', '-ffp-contract=off', '-w', '-include', 'rk_clang.h'],
  ];
  return {
    name: 'clang',
    architecture,
    async identify(): Promise<string> {
      const { version } = await find(names);
      return `${version} ${options.join(' ')}`;
    },
    async compile(name: string, text: string): Promise<Uint8Array> {
      const { command } = await find(names);
      return await compileInFolder(command, options, architecture, name, text).catch(withoutMath);
    },
  };
}

/** The first of these programs that is there; it must know NVIDIA's devices. */
async function find(
  names: readonly string[],
): Promise<{ readonly command: string; readonly version: string }> {
  for (const command of names) {
    const text = await output(command, '--version').catch((thrown: unknown) => {
      if (thrown instanceof CudaUnavailableError) return null;
      throw thrown;
    });
    if (text === null) continue;
    if (!/\bnvptx64\b/u.test(await output(command, '--print-targets'))) {
      throw cannotUse(command, 'it was built without the target nvptx64');
    }
    return { command, version: text.split('\n')[0] ?? '' };
  }
  throw cannotUse('clang', `ENOENT (${names.join(', ')})`);
}

function withoutMath(thrown: unknown): never {
  if (!(thrown instanceof CudaCompileError)) throw thrown;
  const names = new Set([...thrown.log.matchAll(absent)].map(({ groups }) => groups?.name));
  if (names.size === 0) throw thrown;
  throw cannotUse('clang', `it has no ${[...names].join(', ')} for GPUs`);
}
