export { cudaDeclarations, cudaEntryPoint } from './abi.ts';
export { type CudaOptions, emitCuda } from './emit.ts';
export type { CudaForm } from './function-text.ts';
export { type CudaTextKind, cudaNamespace, cudaTextKinds, cudaTextName } from './texts.ts';
