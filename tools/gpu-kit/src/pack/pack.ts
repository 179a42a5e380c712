import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { KitDescription } from '../kit.ts';
import { closureOf } from './closure.ts';

const toolFolder = fileURLToPath(new URL('../..', import.meta.url));
const workspace = join(toolFolder, '..', '..');

/** What fits everywhere where files are carried by hand. */
export const mostBytes = 60 * 1000 * 1000;

/** Packs the kit into `folder`, which must be empty or not there. `node` is the binary that runs it. */
export function pack(folder: string, node: string): KitDescription {
  if (existsSync(folder) && readdirSync(folder).length > 0)
    throw new Error(`${folder} is not empty`);
  const stage = mkdtempSync(join(tmpdir(), 'ringkernel-kit-'));
  try {
    copyClosure(stage);
    copyFileSync(node, join(stage, 'node'));
    strip(join(stage, 'node'));
    const kit = describeKit(node);
    writeFileSync(join(stage, 'kit.json'), `${JSON.stringify(kit, null, 2)}\n`);
    mkdirSync(folder, { recursive: true });
    execFileSync('tar', ['-czf', join(folder, 'payload.tar.gz'), '-C', stage, '.']);
    copyFileSync(join(toolFolder, 'src', 'run', 'run.sh'), join(folder, 'run.sh'));
    writeFileSync(join(folder, 'kit.json'), `${JSON.stringify(kit, null, 2)}\n`);
    return kit;
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
}

/** Binaries for WebGPU on every system, twice as large as a kit may be: only CUDA is measured. */
const without: readonly string[] = ['webgpu'];

/** Everything at the place it has in the workspace, so that the links between packages hold. */
function copyClosure(stage: string): void {
  const { packages, links } = closureOf(workspace, ['tools/gpu-kit'], without);
  for (const [path, entries] of packages) {
    for (const entry of entries ?? ['']) {
      const from = join(workspace, path, entry);
      if (existsSync(from)) cpSync(from, join(stage, path, entry), { recursive: true });
    }
  }
  for (const [path, target] of links) {
    mkdirSync(dirname(join(stage, path)), { recursive: true });
    symlinkSync(target, join(stage, path));
  }
}

/** Symbols are a tenth of the binary. Where there is no strip, the kit is larger. */
function strip(file: string): void {
  try {
    execFileSync('strip', ['-s', file], { stdio: 'ignore' });
  } catch {
    console.error('strip is missing: Node is packed with its symbols');
  }
}

function describeKit(node: string): KitDescription {
  const git = (...args: string[]): string =>
    execFileSync('git', ['-C', workspace, ...args], { encoding: 'utf8' }).trim();
  return {
    commit: git('rev-parse', 'HEAD'),
    changed: git('status', '--porcelain') !== '',
    packed: new Date().toISOString(),
    node: execFileSync(node, ['--version'], { encoding: 'utf8' }).trim(),
    platform: `${process.platform}-${process.arch}`,
  };
}

/** Bytes of all files of a packed kit. */
export function sizeOf(folder: string): number {
  return readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
}
