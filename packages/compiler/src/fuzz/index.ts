export { cudaTarget, cudaTargets } from './cuda-target.ts';
export { Dawn } from './dawn.ts';
export { runScenario } from './engine.ts';
export { generateCase } from './generate.ts';
export { HostCompiler } from './host-compiler.ts';
export { runFuzz } from './run.ts';
export { type FuzzTarget, fuzzTargets, optimizedTarget } from './targets.ts';
export { runWebAssembly } from './wasm-target.ts';
export { wgslTarget } from './wgsl-target.ts';
