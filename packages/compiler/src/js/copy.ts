import type { Statement } from '../ir/types.ts';
import type { FunctionText } from './function-text.ts';

type CopyFrom = Extract<Statement, { kind: 'copy' }>['from'];

/** Up to this many elements are written out one by one. */
const unrolled = 4;

/**
 * Copies a run of bytes in words where everything is aligned for it, else byte by byte. Within the state it goes
 * backwards where the target overlaps the end of the source.
 */
export function copyLines(
  text: FunctionText,
  { from, size }: { readonly from: CopyFrom; readonly size: number },
  target: 'state' | 'arena',
  targetOffset: number,
  targetBase: (element: 1 | 4) => string,
): string[] {
  const element = (targetOffset | from.offset | size) % 4 === 0 ? 4 : 1;
  const storage = element === 4 ? 'u32' : 'u8';
  const count = size / element;
  const to = targetBase(element);
  const base = from.base === 'state' ? text.stateBase(element) : text.messageBase(element);
  const source = `${base} + ${from.offset / element}`;
  const { views } = text.program;
  const toView = views.use(target, storage);
  const fromView = views.use(from.base === 'state' ? 'state' : 'arena', storage);
  const within = target === 'state' && from.base === 'state';
  if (within && from.offset === targetOffset) return [];
  const backwards = within && targetOffset > from.offset && targetOffset < from.offset + size;
  const line = (q: string): string => `${toView}[${to} + ${q}] = ${fromView}[${source} + ${q}];`;
  if (count <= unrolled) {
    const steps = Array.from({ length: count }, (_, q) => String(q));
    return (backwards ? steps.reverse() : steps).map(line);
  }
  return backwards
    ? [`for (let q = ${count - 1}; q >= 0; q--) ${line('q')}`]
    : [`for (let q = 0; q < ${count}; q++) ${line('q')}`];
}
