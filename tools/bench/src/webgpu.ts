import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { softwareGpu } from '../../../packages/compiler/dist/fuzz/swiftshader.js';
import type { Bench, Row } from './bench.ts';

const program = fileURLToPath(new URL('./webgpu-run.js', import.meta.url));

/** Runs the cases in a process of their own: a Vulkan loader is looked for when a process starts. */
function run(args: readonly string[], env: NodeJS.ProcessEnv) {
  return spawnSync(process.execPath, [program, ...args], {
    env: { ...process.env, ...env },
    encoding: 'utf8',
    maxBuffer: 2 ** 24,
  });
}

/** The machine's own GPU, or SwiftShader where it has none. */
function environment(): NodeJS.ProcessEnv {
  if (run(['--probe'], {}).status === 0) return {};
  const gpu = softwareGpu();
  if (typeof gpu === 'string') throw new Error(gpu);
  return gpu;
}

export const webgpuBench: Bench = {
  name: 'webgpu',
  title:
    'round trips, batches and actor to actor on WebGPU, beside bare WebGPU and the CPU backend',
  async run({ quick }) {
    const { status, stdout, stderr } = run(quick ? ['--quick'] : [], environment());
    if (status !== 0) throw new Error(`the WebGPU cases ended with ${status}: ${stderr}`);
    return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '[]') as Row[];
  },
};
