/** One way to make PTX of a program. Both methods reject with a `CudaUnavailableError` when it can't be used here. */
export interface Compiler {
  readonly name: 'nvrtc' | 'nvcc' | 'clang';
  /** Compute capability for which it compiles. */
  readonly architecture: number;
  /** Everything besides the text that decides what comes out: version and options. */
  identify(): Promise<string>;
  compile(name: string, text: string): Promise<Uint8Array>;
}

/** The oldest that any taken device has: what is compiled for it runs on all of them. */
export const oldestArchitecture = 75;
