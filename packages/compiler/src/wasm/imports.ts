import type { WasmType } from './types.ts';

/** What a program is told when it is instantiated, in the order of their indices. All are i32. */
export const globalNames: readonly GlobalName[] = [
  'stage',
  'stateOffset',
  'stateStride',
  'drawsOffset',
  'drawsStride',
  'baseAddress',
  'instances',
  'seed',
];

export type GlobalName =
  | 'stage'
  | 'stateOffset'
  | 'stateStride'
  | 'drawsOffset'
  | 'drawsStride'
  | 'baseAddress'
  | 'instances'
  | 'seed';

export interface Signature {
  readonly parameters: readonly WasmType[];
  readonly results: readonly WasmType[];
}

const words = (count: number): WasmType[] => Array.from({ length: count }, () => 'i32');
const hook = (count: number): Signature => ({ parameters: words(count), results: [] });
const real = (count: 1 | 2): Signature => {
  const one: WasmType[] = ['f64'];
  return { parameters: count === 1 ? one : [...one, ...one], results: one };
};

/** The functions that are JavaScript's own, so that their results are those of the JavaScript target. */
export type MathHook =
  | 'sin'
  | 'cos'
  | 'tan'
  | 'exp'
  | 'exp2'
  | 'log'
  | 'log2'
  | 'tanh'
  | 'atan2'
  | 'pow';

export type HookName = 'send' | 'reply' | 'emit' | 'fault' | MathHook;

/**
 * The imported functions, in the order of their indices. The first four are the engine's: see `ProgramEnv`. What the
 * program makes lies in the stage and is copied from there.
 */
export const signatures: Readonly<Record<HookName, Signature>> = {
  /** self, header, destination, type, size, priority */
  send: hook(6),
  /** self, header, type, size */
  reply: hook(4),
  emit: hook(4),
  /** self, site, value */
  fault: hook(3),
  sin: real(1),
  cos: real(1),
  tan: real(1),
  exp: real(1),
  exp2: real(1),
  log: real(1),
  log2: real(1),
  tanh: real(1),
  atan2: real(2),
  pow: real(2),
};
