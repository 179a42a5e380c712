export { Capture } from './capture.ts';
export type { Closure } from './closure.ts';
