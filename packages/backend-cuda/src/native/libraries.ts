import { existsSync, readdirSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

/** Where to look for the driver, for NVRTC and for NVML, in order. */
export interface Libraries {
  readonly driver: readonly string[];
  readonly nvrtc: readonly string[];
  readonly nvml: readonly string[];
}

const driverNames: readonly string[] = [
  'libcuda.so.1',
  'libcuda.so',
  '/usr/lib/wsl/lib/libcuda.so.1',
  '/usr/local/nvidia/lib64/libcuda.so.1',
  '/usr/local/nvidia/lib/libcuda.so.1',
  '/run/opengl-driver/lib/libcuda.so.1',
];

const nvmlNames: readonly string[] = [
  'libnvidia-ml.so.1',
  '/usr/lib/wsl/lib/libnvidia-ml.so.1',
  '/usr/local/nvidia/lib64/libnvidia-ml.so.1',
  '/run/opengl-driver/lib/libnvidia-ml.so.1',
];

/** All of CUDA 11.2 to 11.8 have the library name of 11.2. */
const nvrtcNames: readonly string[] = [
  'libnvrtc.so.13',
  'libnvrtc.so.12',
  'libnvrtc.so.11.2',
  'libnvrtc.so',
];

/** The libraries of the system. RK_CUDA_DRIVER, RK_CUDA_NVRTC and RK_CUDA_NVML name one file each instead. */
export function systemLibraries(env: NodeJS.ProcessEnv = process.env): Libraries {
  const { RK_CUDA_DRIVER: driver, RK_CUDA_NVRTC: nvrtc, RK_CUDA_NVML: nvml } = env;
  const folders = toolkitFolders(env);
  const named = folders.flatMap((folder) => nvrtcNames.map((name) => join(folder, name)));
  return {
    driver: driver ? [driver] : driverNames,
    nvrtc: nvrtc ? [nvrtc] : [...nvrtcNames, ...named.filter((path) => existsSync(path))],
    nvml: nvml ? [nvml] : nvmlNames,
  };
}

function toolkitFolders(env: NodeJS.ProcessEnv): readonly string[] {
  const roots = [env.CUDA_PATH, env.CUDA_HOME, env.CONDA_PREFIX, ...within('/usr/local', 'cuda')];
  const folders = roots.flatMap((root) => (root ? [join(root, 'lib64'), join(root, 'lib')] : []));
  return [...folders, ...pythonFolders(env)];
}

/** Where pip puts NVIDIA's libraries, for the environment that is active and for every Python on the PATH. */
function pythonFolders(env: NodeJS.ProcessEnv): readonly string[] {
  const bins = (env.PATH ?? '').split(delimiter).filter((bin) => existsSync(join(bin, 'python3')));
  const roots = new Set([env.VIRTUAL_ENV ?? '', ...bins.map((bin) => dirname(bin))]);
  return [...roots]
    .flatMap((root) => (root === '' ? [] : within(join(root, 'lib'), 'python3')))
    .flatMap((python) => within(join(python, 'site-packages', 'nvidia'), ''))
    .map((folder) => join(folder, 'lib'));
}

/** Folders of a folder whose names begin so. */
function within(folder: string, prefix: string): readonly string[] {
  try {
    const names = readdirSync(folder).filter((name) => name.startsWith(prefix));
    return names.sort().map((name) => join(folder, name));
  } catch {
    return []; // no such folder: nothing is installed there
  }
}
