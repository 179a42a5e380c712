import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CudaUnavailableError } from '../errors.ts';
import type { Libraries } from '../native/libraries.ts';
import { packageFolder } from '../native/load.ts';

const sources: readonly string[] = ['driver.cc', 'nvrtc.cc', 'nvml.cc'];
const run = promisify(execFile);

/** Where the simulation keeps what it compiled for this architecture, by the hash of the text. */
export const simulationFolder: string = join(packageFolder, 'build', 'simulation', process.arch);

const built = new Map<string, Promise<Libraries>>();

/**
 * The simulated driver and compiler, one library, built by g++ when it is not there yet. `flags` are further ones for
 * g++, such as those of a sanitizer. Rejects with a `CudaUnavailableError` when it can't be built.
 */
export function simulatedLibraries(flags: readonly string[] = []): Promise<Libraries> {
  const key = flags.join(' ');
  const known = built.get(key);
  if (known !== undefined) return known;
  const building = build(flags);
  built.set(key, building);
  return building;
}

async function build(flags: readonly string[]): Promise<Libraries> {
  const files = sources.map((name) => join(packageFolder, 'sim', name));
  const hash = createHash('sha256').update(flags.join(' '));
  for (const file of files) hash.update(readFileSync(file));
  const library = join(simulationFolder, `driver-${hash.digest('hex').slice(0, 16)}.so`);
  if (!existsSync(library)) {
    mkdirSync(simulationFolder, { recursive: true });
    const draft = `${library}.${process.pid}`;
    const wanted = ['-std=c++17', '-O1', '-fPIC', '-shared', ...flags, ...files, '-o', draft];
    try {
      await run('g++', [...wanted, '-ldl', '-pthread']);
      renameSync(draft, library);
    } catch (error) {
      rmSync(draft, { force: true });
      const found = error instanceof Error ? error.message : String(error);
      throw new CudaUnavailableError(
        'simulation',
        'The simulated driver could not be built:',
        [found],
        'install g++',
      );
    }
  }
  return { driver: [library], nvrtc: [library], nvml: [library] };
}
