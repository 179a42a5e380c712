import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { rowsOf } from './csv.ts';

/** Path of a file that the npm package `vega-datasets` carries. */
export function datasetPath(name: string): string {
  const entry = import.meta.resolve('vega-datasets'); // …/build/index.js
  return fileURLToPath(new URL(`../data/${name}`, entry));
}

export function readCsv(name: string): Record<string, string>[] {
  return rowsOf(readFileSync(datasetPath(name), 'utf8'));
}
