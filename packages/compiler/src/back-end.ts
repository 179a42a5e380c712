// All that runs compiled actors: without the parser, so that a program whose actors were compiled ahead of time starts
// without loading it.

export * from './aot/index.ts';
export * from './cuda/index.ts';
export * from './diagnostics/index.ts';
export { type ActorImage, describeSite, withPlaces } from './image.ts';
export * from './interpret/index.ts';
export * from './ir/index.ts';
export * from './js/index.ts';
export * from './optimize/index.ts';
export { type LinePlace, placeByHand, placeOfLine } from './place-of-line.ts';
export * from './wasm/index.ts';
export * from './wgsl/index.ts';
