import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CudaUnavailableError } from '../errors.ts';
import type { Addon } from './addon.ts';
import { addonSources } from './sources.ts';

/** The package's own folder, from `dist/native` and from `src/native`. */
export const packageFolder: string = fileURLToPath(new URL('../..', import.meta.url));

let loaded: Addon | null = null;

/**
 * The addon: the one named in RK_CUDA_ADDON, one built here, or the one that came with the package. Throws a
 * `CudaUnavailableError` that says of each why it could not be loaded. One that was built from other sources is not used.
 */
export function loadAddon(): Addon {
  loaded ??= loadFirst(addonPaths(process.env.RK_CUDA_ADDON));
  return loaded;
}

export function addonPaths(chosen: string | undefined): readonly string[] {
  if (chosen !== undefined && chosen !== '') return [chosen];
  const file = 'ringkernel_cuda.node';
  return [
    join(packageFolder, 'build', 'native', 'Release', file),
    join(packageFolder, 'prebuilds', `${process.platform}-${process.arch}`, file),
  ];
}

export function loadFirst(paths: readonly string[]): Addon {
  const require = createRequire(import.meta.url);
  const reasons: string[] = [];
  for (const path of paths) {
    try {
      const addon = require(path) as Addon;
      if (addon.sources === addonSources) return addon;
      const found = addon.sources ?? 'an older version';
      reasons.push(
        `${path}: it was built from other sources (${found}) than these (${addonSources})`,
      );
    } catch (error) {
      const [reason] = (error instanceof Error ? error.message : String(error)).split('\n');
      reasons.push(`${path}: ${reason}`);
    }
  }
  throw new CudaUnavailableError(
    'addon',
    `No addon for ${process.platform}-${process.arch} could be loaded:`,
    reasons,
    'build it: pnpm --filter @ringkernel/backend-cuda build:native',
  );
}
