import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { layoutText } from '../dist/layout/device.js';
import { packageFolder } from '../dist/native/load.js';
import { noSimulation } from './simulation.ts';

const folder = mkdtempSync(join(tmpdir(), 'ringkernel-costs-'));
afterAll(() => rmSync(folder, { recursive: true }));

const page = readFileSync(new URL('../../../docs/cuda.md', import.meta.url), 'utf8');
const [, table = ''] = page.split(/^\| step \|.*\n.*\n/m);
const documented = table.slice(0, table.indexOf('\n\n')).split('\n');

// A read of the host's memory takes about a microsecond, and so does waiting until the host can see what was written; what
// threads of the device share takes a fraction. docs/cuda.md has these numbers.
test.skipIf(noSimulation !== null)('a message costs the device no more than it has to', () => {
  writeFileSync(join(folder, 'rk_layout.h'), layoutText());
  const headers = ['device', 'sim'].map((name) => `-I${join(packageFolder, name)}`);
  const source = join(packageFolder, 'sim', 'costs.cc');
  const program = join(folder, 'costs');
  const flags = ['-std=c++17', '-O1', '-w', '-pthread', `-I${folder}`, ...headers];
  execFileSync('g++', [...flags, source, '-o', program]);
  const lines = execFileSync(program, { encoding: 'utf8' }).trim().split('\n');
  expect(lines).toEqual([
    'dispatcher, nothing to do: 1 host reads, 0 host releases, 0 reads, 0 changes, 0 releases, 0 tallies',
    'dispatcher, a message: 1 host reads, 0 host releases, 4 reads, 2 changes, 1 releases, 2 tallies',
    'worker, a message and its reply: 0 host reads, 1 host releases, 5 reads, 6 changes, 4 releases, 10 tallies',
    'worker, nothing to do: 0 host reads, 0 host releases, 1 reads, 0 changes, 0 releases, 0 tallies',
    'worker, a message that is passed on: 0 host reads, 0 host releases, 6 reads, 5 changes, 4 releases, 13 tallies',
  ]);
  const numbersOf = (line: string): number[] => [...line.matchAll(/\d+/g)].map(Number);
  expect(documented.map(numbersOf)).toEqual(lines.map(numbersOf));
});
