/** Node's own file system, found without an import: this file is part of browser builds too. */
interface NodeProcess {
  readonly platform: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  getBuiltinModule(name: 'node:fs'): {
    existsSync(path: string): boolean;
    readFileSync(path: string, encoding: 'latin1'): string;
  };
}

const name = 'libvulkan.so.1';
const folders = ['/usr/local/lib', '/usr/lib', '/lib', '/usr/lib64', '/lib64'];
const cache = '/etc/ld.so.cache';

/**
 * Whether this is a Linux without a Vulkan loader, where Dawn finds no adapter and complains on stderr. Unknown, where
 * the system keeps no list of its libraries, counts as no.
 */
export function lacksVulkanLoader(): boolean {
  const { process } = globalThis as { process?: NodeProcess };
  if (process?.platform !== 'linux') return false;
  const { existsSync, readFileSync } = process.getBuiltinModule('node:fs');
  const own = (process.env.LD_LIBRARY_PATH ?? '').split(':').filter((folder) => folder !== '');
  if ([...own, ...folders].some((folder) => existsSync(`${folder}/${name}`))) return false;
  return existsSync(cache) && !readFileSync(cache, 'latin1').includes(name);
}
