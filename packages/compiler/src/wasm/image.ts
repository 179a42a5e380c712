import type { Module, Statement } from '../ir/types.ts';
import { childLists } from '../ir/walk.ts';
import { accesses } from './types.ts';

/** A module as WebAssembly. Plain data: it can be cloned to a worker. */
export interface WebAssemblyCode {
  readonly bytes: Uint8Array;
  readonly messages: readonly { readonly id: number; readonly sizeBytes: number }[];
  /** What is copied from where a message lies starts here: 32 with the stamp and the sender, 64 without. */
  readonly firstByte: 32 | 64;
  /** Memory of a thread's own behind `stageOffset`. */
  readonly stage: StageLayout;
}

/**
 * A WebAssembly program works on one memory, that of the states. What else it reads and writes lies in there too, in
 * an area of the thread's own, the stage: constant tables, lanes of reductions, the message being handled and the
 * payload being made. Byte offsets, all multiples of 64.
 */
export interface StageLayout {
  readonly lanes: number;
  /** Header and payload. */
  readonly message: number;
  readonly payload: number;
  readonly sizeBytes: number;
}

/** Bytes of a message's header. */
export const headerBytes = 64;
/** Bytes of the 64 lanes of one reduction. */
export const lanesBytes = 512;

/** Where each table starts: they lie one behind the other at the start of the stage. */
export function tableOffsets(module: Module): { readonly offsets: number[]; readonly end: number } {
  let end = 0;
  const offsets = module.tables.map(({ storage, values }) => {
    const start = end;
    end = upTo(start + values.length * accesses[storage].size, 8);
    return start;
  });
  return { offsets, end };
}

export function stageOf(module: Module): StageLayout {
  const lanes = upTo(tableOffsets(module).end, 64);
  const depth = Math.max(0, ...module.handlers.map(({ body }) => reductionDepth(body)));
  const message = lanes + depth * lanesBytes;
  const largest = Math.max(0, ...module.messages.map(({ layout }) => layout.size));
  const payload = message + headerBytes + upTo(largest, 64);
  const made = [
    ...[...module.messages, ...module.emits].map(({ layout }) => layout.size),
    ...module.messages.map(({ reply }) => reply?.layout.size ?? 0),
    ...module.handlers.map(({ body }) => largestOutput(body)),
  ];
  const sizeBytes = payload + upTo(Math.max(0, ...made), 64);
  return { lanes, message, payload, sizeBytes };
}

/** Messages of other actors can be larger than this one's own. */
function largestOutput(body: readonly Statement[]): number {
  const sizes = body.map((s) => {
    if (s.kind === 'send' || s.kind === 'reply' || s.kind === 'emit') return s.size;
    return Math.max(0, ...childLists(s).map(largestOutput));
  });
  return Math.max(0, ...sizes);
}

/** How many reductions and scans are one inside the other. */
function reductionDepth(body: readonly Statement[]): number {
  const depths = body.map((s) => {
    const inside = Math.max(0, ...childLists(s).map(reductionDepth));
    return s.kind === 'reduce' || s.kind === 'scan' ? inside + 1 : inside;
  });
  return Math.max(0, ...depths);
}

function upTo(bytes: number, multiple: number): number {
  return Math.ceil(bytes / multiple) * multiple;
}
