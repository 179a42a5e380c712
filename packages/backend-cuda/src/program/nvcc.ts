import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CudaCompileError, CudaUnavailableError } from '../errors.ts';
import { deviceHeaders } from './headers.ts';

const run = promisify(execFile);

/**
 * Compiles with the toolkit's nvcc, where there is no NVRTC, to PTX for compute capability 7.5 and up. `reasons` say
 * why NVRTC is not used.
 */
export async function compileWithNvcc(
  name: string,
  text: string,
  reasons: readonly string[],
): Promise<Uint8Array> {
  const folder = mkdtempSync(join(tmpdir(), 'ringkernel-nvcc-'));
  try {
    for (const [file, header] of deviceHeaders()) writeFileSync(join(folder, file), header);
    const source = join(folder, 'program.cu');
    const target = join(folder, 'program.ptx');
    writeFileSync(source, text);
    const options = ['-ptx', '-arch=compute_75', '-std=c++17', '--fmad=false'];
    await run('nvcc', [...options, source, '-o', target]);
    return new TextEncoder().encode(forOlderDrivers(readFileSync(target, 'utf8')));
  } catch (thrown) {
    const { code, stderr = '' } = thrown as { readonly code?: unknown; readonly stderr?: string };
    if (typeof code === 'number') {
      throw new CudaCompileError(name, { message: `nvcc ended with ${code}`, log: stderr }, thrown);
    }
    throw new CudaUnavailableError(
      'compiler',
      'Neither NVRTC nor nvcc can be used:',
      [...reasons, `nvcc: ${code ?? String(thrown)}`],
      'install NVRTC, or name its library in RK_CUDA_NVRTC',
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** nvcc writes its own newest version, which older drivers refuse. Nothing here needs more than 6.4. */
function forOlderDrivers(ptx: string): string {
  return ptx
    .replace(/^\.version .*$/m, '.version 6.4')
    .replace(/^.*\.pragma "used_bytes_mask.*\n/gm, '');
}
