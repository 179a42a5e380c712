export { type ActorImage, checkActor, compile, describeSite } from './compile.ts';
export * from './diagnostics/index.ts';
export * from './interpret/index.ts';
export * from './ir/index.ts';
export * from './js/index.ts';
export * from './optimize/index.ts';
export { type StandaloneFunction, standaloneFunction } from './parse/standalone-function.ts';
export * from './wasm/index.ts';
export * from './wgsl/index.ts';
