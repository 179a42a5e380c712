export type * from './ir/types.ts';
export type * from './js/abi.ts';
