import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Path of a file that the npm package `vega-datasets` carries. */
export function datasetPath(name: string): string {
  const entry = import.meta.resolve('vega-datasets'); // …/build/index.js
  return fileURLToPath(new URL(`../data/${name}`, entry));
}

/** Rows of a CSV file as objects by column. Fields may be quoted, with quotes doubled inside. */
export function readCsv(name: string): Record<string, string>[] {
  const [header = [], ...rows] = parseCsv(readFileSync(datasetPath(name), 'utf8'));
  return rows.map((row) => Object.fromEntries(header.map((column, i) => [column, row[i] ?? ''])));
}

/** Lines of fields. */
export function parseCsv(text: string): string[][] {
  return text
    .split(/\r?\n/)
    .filter((line) => line !== '')
    .map((line) =>
      [...`,${line}`.matchAll(/,(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
        ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '',
      ),
    );
}
