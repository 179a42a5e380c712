export { type ActorImage, checkActor, compile, describeSite } from './compile.ts';
export * from './diagnostics/index.ts';
export * from './interpret/index.ts';
export type * from './ir/types.ts';
export * from './js/index.ts';
