import { existsSync, lstatSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { basename, dirname, join, relative, sep } from 'node:path';

interface Manifest {
  readonly files?: readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
}

/** What a program needs at run time, all paths relative to the workspace. */
export interface Closure {
  /** Folders of packages, and which of their entries are needed; all of them without `entries`. */
  readonly packages: ReadonlyMap<string, readonly string[] | null>;
  /** Links between them, by where they are, as they are. */
  readonly links: ReadonlyMap<string, string>;
}

/** Follows the dependencies of a workspace's packages as Node would find them, but for those in `without`. */
export function closureOf(
  workspace: string,
  start: readonly string[],
  without: readonly string[] = [],
): Closure {
  const packages = new Map<string, readonly string[] | null>();
  const links = new Map<string, string>();
  const waiting = start.map((folder) => join(workspace, folder));
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    const path = relative(workspace, folder);
    if (packages.has(path)) continue;
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
    packages.set(path, path.split(sep).includes('node_modules') ? null : entriesOf(manifest));
    for (const [name, optional] of dependenciesOf(manifest)) {
      if (without.includes(name)) continue;
      const found = find(name, folder, workspace);
      if (found === null && !optional)
        throw new Error(`${path} needs ${name}, which is not installed`);
      if (found === null) continue;
      if (lstatSync(found).isSymbolicLink()) {
        links.set(relative(workspace, found), readlinkSync(found));
      }
      waiting.push(realpathSync(found));
    }
  }
  return { packages, links };
}

/** What of a workspace's package is needed: what it publishes, without its sources. */
function entriesOf({ files = ['dist'] }: Manifest): readonly string[] {
  return ['package.json', ...files.filter((entry) => entry !== 'src')];
}

/** Names of dependencies, and whether each may be missing. */
function dependenciesOf(manifest: Manifest): ReadonlyMap<string, boolean> {
  const { dependencies = {}, optionalDependencies = {}, peerDependencies = {} } = manifest;
  const peers = Object.keys(peerDependencies).filter(
    (name) => manifest.peerDependenciesMeta?.[name]?.optional !== true,
  );
  const needed = [...Object.keys(dependencies), ...peers].map((name) => [name, false] as const);
  const optional = Object.keys(optionalDependencies).map((name) => [name, true] as const);
  return new Map([...needed, ...optional]);
}

function find(name: string, from: string, workspace: string): string | null {
  for (let folder = from; folder.startsWith(workspace); folder = dirname(folder)) {
    if (basename(folder) === 'node_modules') continue;
    const candidate = join(folder, 'node_modules', name);
    if (existsSync(candidate)) return candidate;
  }
  return null;
}
