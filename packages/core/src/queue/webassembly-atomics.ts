import { type AtomicWords, javascriptAtomics } from './atomic-words.ts';

/** A `WebAssembly.Memory` made with `shared: true`, as far as it is needed here. */
export interface SharedMemory {
  readonly buffer: SharedArrayBuffer;
}

interface Engine {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (
    module: object,
    imports: { readonly env: { readonly memory: SharedMemory } },
  ) => { readonly exports: unknown };
}

interface Exports {
  load(wordIndex: number): number;
  store(wordIndex: number, value: number): void;
}

const i32 = 0x7f;
const localGet = 0x20;
const end = 0x0b;

/** Opcodes that turn the word index in local 0 into an address: `local.get 0; i32.const 2; i32.shl`. */
const address = [localGet, 0, 0x41, 2, 0x74];
/** `i32.atomic.load` and `i32.atomic.store`, alignment 4, offset 0. */
const atomicLoad = [0xfe, 0x10, 2, 0];
const atomicStore = [0xfe, 0x17, 2, 0];

function sized(bytes: readonly number[]): number[] {
  return [bytes.length, ...bytes];
}

function text(value: string): number[] {
  return sized([...value].map((letter) => letter.charCodeAt(0)));
}

function section(id: number, entries: readonly (readonly number[])[]): number[] {
  return [id, ...sized([entries.length, ...entries.flat()])];
}

/**
 * Two functions over an imported shared memory of 1 to 65,536 pages, after the WebAssembly threads proposal. Every
 * length is below 128, so that each of them is one byte of LEB128.
 */
const moduleBytes = new Uint8Array([
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  ...section(1, [
    [0x60, 1, i32, 1, i32],
    [0x60, 2, i32, i32, 0],
  ]),
  ...section(2, [[...text('env'), ...text('memory'), 2, 3, 1, 0x80, 0x80, 4]]),
  ...section(3, [[0], [1]]),
  ...section(7, [
    [...text('load'), 0, 0],
    [...text('store'), 0, 1],
  ]),
  ...section(10, [
    sized([0, ...address, ...atomicLoad, end]),
    sized([0, ...address, localGet, 1, ...atomicStore, end]),
  ]),
]);

let compiled: object | undefined;

function instantiate(memory: SharedMemory): Exports {
  const engine = (globalThis as { readonly WebAssembly?: Engine }).WebAssembly;
  if (engine === undefined) throw new Error('this engine has no WebAssembly');
  compiled ??= new engine.Module(moduleBytes);
  return new engine.Instance(compiled, { env: { memory } }).exports as Exports;
}

/**
 * The cheapest atomic operations for a memory: WebAssembly for a shared `WebAssembly.Memory`, the language's own for a
 * plain SharedArrayBuffer, which WebAssembly can't import, and where WebAssembly is refused (a content security policy
 * without `wasm-unsafe-eval`, say). `kind` tells which, `fallbackReason` why.
 */
export function openAtomicWords(memory: SharedMemory | SharedArrayBuffer): AtomicWords {
  if (memory instanceof SharedArrayBuffer) {
    return javascriptAtomics(memory, 'a SharedArrayBuffer can not be imported by WebAssembly');
  }
  try {
    const { load, store } = instantiate(memory);
    return { kind: 'webassembly', fallbackReason: undefined, load, store };
  } catch (error) {
    return javascriptAtomics(memory.buffer, error instanceof Error ? error.message : String(error));
  }
}
