export { Capture } from './capture.ts';
export type { Closure, FunctionLocation } from './closure.ts';
