export { CompiledFile, readCompiledFile } from './compiled-file.ts';
export { CompiledFileError, StaleImageError } from './errors.ts';
export type { CompiledActor, CompiledActors, OutsideValue } from './format.ts';
