import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CudaCompileError, CudaUnavailableError } from '../errors.ts';
import { deviceHeaders } from './headers.ts';
import { forOlderDrivers } from './ptx.ts';

const run = promisify(execFile);

/** What a compiler that is a program prints. Rejects with a `CudaUnavailableError` when it can't be run. */
export async function output(command: string, ...args: readonly string[]): Promise<string> {
  const { stdout } = await run(command, args).catch((thrown) => unavailable(command, thrown));
  return stdout;
}

/** PTX from a program that is run in a folder with the device's headers. */
export async function compileInFolder(
  command: string,
  options: readonly string[],
  architecture: number,
  name: string,
  text: string,
): Promise<Uint8Array> {
  const folder = mkdtempSync(join(tmpdir(), 'ringkernel-compile-'));
  try {
    for (const [file, header] of deviceHeaders()) writeFileSync(join(folder, file), header);
    const source = join(folder, 'program.cu');
    const target = join(folder, 'program.ptx');
    writeFileSync(source, text);
    const args = [...options, `-I${folder}`, source, '-o', target];
    await run(command, args).catch((thrown) => refused(command, name, thrown));
    const ptx = readFileSync(target, 'utf8');
    return new TextEncoder().encode(forOlderDrivers(ptx, architecture));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function refused(command: string, name: string, thrown: unknown): never {
  const { code, stderr = '' } = thrown as { readonly code?: unknown; readonly stderr?: string };
  if (typeof code !== 'number') return unavailable(command, thrown);
  throw new CudaCompileError(
    name,
    { message: `${command} ended with ${code}`, log: stderr },
    thrown,
  );
}

function unavailable(command: string, thrown: unknown): never {
  const { code } = thrown as { readonly code?: unknown };
  throw cannotUse(command, `${code ?? String(thrown)}`);
}

/** A compiler that is there, or not, and can't be used. */
export function cannotUse(command: string, reason: string): CudaUnavailableError {
  const hint = 'install the CUDA toolkit, or clang';
  const reasons = [`${command}: ${reason}`];
  return new CudaUnavailableError('compiler', `${command} can't be used:`, reasons, hint);
}
