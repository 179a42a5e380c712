import type { FunctionText } from './function-text.ts';

interface Run {
  readonly offset: number;
  readonly size: number;
  readonly from: { readonly base: 'state' | 'message'; readonly offset: number };
}

/** Copies a run of bytes, in words where all is aligned; backwards where a later part of the source is overwritten. */
export function copyLines(text: FunctionText, target: string, { offset, size, from }: Run): void {
  const backwards = target === 'rk->state' && from.base === 'state' && from.offset < offset;
  const words = [offset, size, from.offset].every((bytes) => bytes % 4 === 0);
  const name = `rk_copy_${words ? 'words' : 'bytes'}${backwards ? '_back' : ''}`;
  const source = `rk->${from.base} + ${from.offset}u`;
  const count = words ? size / 4 : size;
  text.line(`${text.library(name)}(${target} + ${offset}u, ${source}, ${count}u);`);
}
