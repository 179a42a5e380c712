import { join } from 'node:path';
import { mergeConfig, type ViteUserConfig } from 'vitest/config';
import { shared } from '../../vitest.shared.ts';
import { swiftShaderFolder } from '../compiler/src/fuzz/swiftshader.ts';

// The tests run in processes that this one starts, and a Vulkan loader is looked for when a process starts.
const folder = swiftShaderFolder();
process.env.LD_LIBRARY_PATH = folder;
process.env.VK_DRIVER_FILES = join(folder, 'vk_swiftshader_icd.json');

const config: ViteUserConfig = mergeConfig(shared, {
  test: { pool: 'forks', testTimeout: 120_000 },
});

export default config;
