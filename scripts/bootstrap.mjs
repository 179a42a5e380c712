// Sets the workspace up with Node and npm alone: a pinned pnpm under .tools, then the dependencies of the lockfile.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const pnpmVersion = '12.21.0';
const tools = join(root, '.tools');
const pnpmBin = join(tools, 'node_modules', '.bin', 'pnpm');

/** The environment of every tool we start: our pnpm first on the path, no telemetry. */
export const env = {
  ...process.env,
  PATH: `${dirname(pnpmBin)}:${join(root, 'node_modules', '.bin')}:${process.env.PATH ?? ''}`,
  TURBO_TELEMETRY_DISABLED: '1',
};

/** Runs one command in the root and ends this process with its status when it fails. */
export function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    env,
    stdio: 'inherit',
    ...options,
  });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

function requireNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  console.error(`Node 20.19 or newer is needed, this is ${process.versions.node}.`);
  process.exit(1);
}

function installedPnpm() {
  const manifest = join(tools, 'node_modules', 'pnpm', 'package.json');
  return existsSync(manifest) ? JSON.parse(readFileSync(manifest, 'utf8')).version : undefined;
}

/** Brings pnpm and the dependencies here; does nothing slow when they are here already. */
export function bootstrap() {
  requireNode();
  if (installedPnpm() !== pnpmVersion) {
    console.error(`Setting up pnpm ${pnpmVersion} ...`);
    const npm = [
      'install',
      '--prefix',
      tools,
      '--no-save',
      '--no-package-lock',
      '--loglevel=error',
    ];
    // stdout belongs to the program that is being set up.
    execFileSync('npm', [...npm, `pnpm@${pnpmVersion}`], { cwd: root, stdio: ['ignore', 2, 2] });
  }
  run(pnpmBin, ['install', '--frozen-lockfile', '--loglevel=error'], { stdio: ['ignore', 2, 2] });
}

/** Builds every package (turbo skips what is built already). */
export function build() {
  const turbo = join(root, 'node_modules', '.bin', 'turbo');
  run(turbo, ['run', 'build', '--output-logs=errors-only'], { stdio: ['ignore', 2, 2] });
}

/** Gives the processes that are run from here on a GPU in software: SwiftShader. After the build. */
export async function useSwiftShader() {
  const file = join(root, 'packages', 'compiler', 'dist', 'fuzz', 'swiftshader.js');
  const { softwareGpu } = await import(file);
  const gpu = softwareGpu();
  if (typeof gpu === 'string') throw new Error(gpu);
  // A Vulkan loader is looked for when a process starts, so it can't be done by the program itself.
  Object.assign(env, gpu);
}
