import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CudaCompileError, CudaUnavailableError } from '../errors.ts';
import type { Compiler } from './compiler.ts';
import { deviceHeaders } from './headers.ts';

const run = promisify(execFile);
const architecture = 75;
const options: readonly string[] = [
  '-ptx',
  `-arch=compute_${architecture}`,
  '-std=c++17',
  '--fmad=false',
];

/** The toolkit's nvcc, for where there is no NVRTC. Its PTX is for compute capability 7.5 and up. */
export const nvcc: Compiler = {
  name: 'nvcc',
  architecture,
  async identify(): Promise<string> {
    const { stdout } = await run('nvcc', ['--version']).catch(unavailable);
    const release = /release .*/u.exec(stdout)?.[0] ?? stdout.trim();
    return `nvcc ${release} ${options.join(' ')}`;
  },
  async compile(name: string, text: string): Promise<Uint8Array> {
    const folder = mkdtempSync(join(tmpdir(), 'ringkernel-nvcc-'));
    try {
      for (const [file, header] of deviceHeaders()) writeFileSync(join(folder, file), header);
      const source = join(folder, 'program.cu');
      const target = join(folder, 'program.ptx');
      writeFileSync(source, text);
      await run('nvcc', [...options, source, '-o', target]).catch((thrown: unknown) =>
        refused(name, thrown),
      );
      return new TextEncoder().encode(forOlderDrivers(readFileSync(target, 'utf8')));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

function refused(name: string, thrown: unknown): never {
  const { code, stderr = '' } = thrown as { readonly code?: unknown; readonly stderr?: string };
  if (typeof code !== 'number') return unavailable(thrown);
  throw new CudaCompileError(name, { message: `nvcc ended with ${code}`, log: stderr }, thrown);
}

function unavailable(thrown: unknown): never {
  const { code } = thrown as { readonly code?: unknown };
  const reasons = [`nvcc: ${code ?? String(thrown)}`];
  throw new CudaUnavailableError(
    'compiler',
    "nvcc can't be run:",
    reasons,
    'install the CUDA toolkit',
  );
}

/** nvcc writes its own newest version, which older drivers refuse. Nothing here needs more than 6.4. */
function forOlderDrivers(ptx: string): string {
  return ptx
    .replace(/^\.version .*$/m, '.version 6.4')
    .replace(/^.*\.pragma "used_bytes_mask.*\n/gm, '');
}
