export { cudaDeclarations, cudaEntryPoint } from './abi.ts';
export { type CudaOptions, emitCuda } from './emit.ts';
