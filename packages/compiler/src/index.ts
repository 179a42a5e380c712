export * from './interpret/index.ts';
export type * from './ir/types.ts';
export * from './js/index.ts';
