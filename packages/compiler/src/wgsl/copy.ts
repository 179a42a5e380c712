import { readWord, writeWord } from './abi.ts';
import type { FunctionText } from './function-text.ts';

interface Run {
  readonly offset: number;
  readonly size: number;
  readonly from: { readonly base: 'state' | 'message'; readonly offset: number };
}

/** Copies a run of bytes, in words where all is aligned; backwards where a later part of the source is overwritten. */
export function copyLines(
  text: FunctionText,
  array: 'states' | 'memory',
  start: string,
  { offset, size, from }: Run,
): void {
  const [source, base] =
    from.base === 'state' ? (['states', 'rk_state'] as const) : (['memory', 'rk_message'] as const);
  const backwards = array === 'states' && from.base === 'state' && from.offset < offset;
  const words = [offset, size, from.offset].every((bytes) => bytes % 4 === 0);
  const unit = words ? 4 : 1;
  const count = size / unit;
  const i = backwards ? `(${count - 1}u - i)` : 'i';
  const { form } = text.program;
  const [to, at] = [`${offset / unit}u + ${i}`, `${from.offset / unit}u + ${i}`];
  const action = words
    ? writeWord(form, array, `${start} + ${to}`, readWord(form, source, `${base} + ${at}`))
    : `${text.library(`rk_${array}_set_byte`)}(${start}, ${to}, ${text.library(`rk_${source}_byte`)}(${base}, ${at}));`;
  text.line(`for (var i = 0u; i < ${count}u; i++) { ${action} }`);
}
