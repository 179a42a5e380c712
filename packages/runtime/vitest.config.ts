import { mergeConfig, type ViteUserConfig } from 'vitest/config';
import { shared } from '../../vitest.shared.ts';
import { softwareGpu } from '../compiler/src/fuzz/swiftshader.ts';

// The tests run in processes that this one starts; where there is no driver they skip what needs one.
const gpu = softwareGpu();
if (typeof gpu === 'string') console.warn(gpu);
else Object.assign(process.env, gpu);

const config: ViteUserConfig = mergeConfig(shared, {
  test: { pool: 'forks', testTimeout: 120_000 },
});

export default config;
