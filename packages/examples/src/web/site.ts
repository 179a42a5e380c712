import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { compileModule } from '@ringkernel/compiler';
import { build } from 'esbuild';
import { datasetPath } from '../data/files.ts';

const sources = fileURLToPath(new URL('../../web/', import.meta.url));
const datasets = ['airports.csv', 'flights-airport.csv', 'flights-3m.parquet'];

/** Puts scripts of `web/` into a folder, with all that they import. */
async function bundle(folder: string, names: readonly string[]): Promise<void> {
  await build({
    entryPoints: names.map((name) => join(sources, name)),
    outdir: folder,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    logLevel: 'error',
  });
}

/** Makes the page that runs the conformance suite. */
export async function buildConformancePage(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await bundle(folder, ['conformance.ts']);
  const page =
    '<!doctype html><title>Conformance</title><script type="module" src="conformance.js"></script>';
  await writeFile(join(folder, 'index.html'), page);
}

/** Makes the web page of this package in a folder: bundled scripts, actors compiled ahead of time, and the data. */
export async function buildSite(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(join(folder, 'data'), { recursive: true });
  await bundle(folder, ['page.ts', 'actors.ts']);
  // Of the bundle, since a handler's text is part of what is compared.
  const actors = await import(pathToFileURL(join(folder, 'actors.js')).href);
  await writeFile(join(folder, 'actors.rk.json'), JSON.stringify(compileModule(actors)));
  await copyFile(join(sources, 'index.html'), join(folder, 'index.html'));
  for (const name of datasets) await copyFile(datasetPath(name), join(folder, 'data', name));
}
