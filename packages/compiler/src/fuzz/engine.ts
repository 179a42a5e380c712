import type { StructLayout } from '@ringkernel/core';
import { scalarsOf } from '../ir/leaves.ts';
import type { Module, Storage } from '../ir/types.ts';
import type { Program, ProgramEnv } from '../js/abi.ts';

/** What is put into the programs: the same for every target. */
export interface Scenario {
  readonly instances: number;
  readonly baseAddress: number;
  readonly seed: number;
  readonly messages: readonly Delivery[];
}

export interface Delivery {
  readonly instance: number;
  /** Header and payload. */
  readonly bytes: Uint8Array;
}

/** Everything a program did, as text that can be compared: outputs and faults in order, then the final states. */
export type Trace = readonly string[];

type Build = (env: ProgramEnv) => Program;

const garbage = 0xa5;
const outputBytes = 64 * 1024;
const maxRecords = 4000;

/** Memory of at least so many bytes, all zero. */
export type Allocate = (sizeBytes: number) => ArrayBufferLike;

const plainMemory: Allocate = (sizeBytes) => new ArrayBuffer(sizeBytes);

/** Runs a program over a scenario, one message after the other, in plain memory unless it needs another. */
export function runScenario(
  module: Module,
  scenario: Scenario,
  build: Build,
  allocate: Allocate = plainMemory,
): Trace {
  const recorder = new Recorder(module, scenario, allocate);
  const program = build(recorder);
  for (const [i, { instance, bytes }] of scenario.messages.entries()) {
    const header = recorder.deliver(bytes);
    const handled = program.run(instance, header);
    recorder.finish(i, handled);
  }
  return recorder.trace();
}

class Recorder implements ProgramEnv {
  readonly arena: ArrayBuffer;
  readonly memory: ArrayBufferLike;
  readonly stateOffset = 64;
  readonly stateStride: number;
  readonly drawsIndex: number;
  readonly drawsStride = 3;
  readonly baseAddress: number;
  readonly instances: number;
  readonly seed: number;
  readonly #module: Module;
  readonly #layouts: ReadonlyMap<number, StructLayout>;
  readonly #lines: string[] = [];
  readonly #inputBytes: number;
  #open: { line: string; offset: number; type: number; size: number } | null = null;
  #records = 0;
  #faulted = false;

  constructor(module: Module, scenario: Scenario, allocate: Allocate) {
    this.#module = module;
    this.instances = scenario.instances;
    this.baseAddress = scenario.baseAddress;
    this.seed = scenario.seed;
    this.stateStride = Math.ceil(module.state.size / 8) * 8 + 8;
    const states = this.stateOffset + this.stateStride * this.instances;
    this.drawsIndex = states / 4;
    this.memory = allocate(states + this.#drawWords * 4);
    const largest = Math.max(64, ...scenario.messages.map(({ bytes }) => bytes.length));
    this.#inputBytes = Math.ceil(largest / 64) * 64 + 128;
    this.arena = new ArrayBuffer(this.#inputBytes + outputBytes);
    this.#layouts = layoutsById(module);
  }

  /** Puts a message at the front of the arena, not at 0: programs must use the offset they are given. */
  deliver(bytes: Uint8Array): number {
    const start = 64;
    new Uint8Array(this.arena, 0, this.#inputBytes).fill(garbage);
    new Uint8Array(this.arena).set(bytes, start);
    this.#faulted = false;
    this.#records = 0;
    return start;
  }

  finish(message: number, handled: boolean): void {
    this.#flush();
    this.#lines.push(`message ${message} ${handled ? 'handled' : 'has no handler'}`);
  }

  send(
    sender: number,
    header: number,
    destination: number,
    type: number,
    size: number,
    priority: number,
  ): number {
    return this.#room(`send ${sender} ${header} ${destination} ${type} ${priority}`, type, size);
  }

  reply(sender: number, header: number, type: number, size: number): number {
    return this.#room(`reply ${sender} ${header} ${type}`, type, size);
  }

  emit(sender: number, header: number, type: number, size: number): number {
    return this.#room(`emit ${sender} ${header} ${type}`, type, size);
  }

  fault(self: number, site: number, value: number): void {
    this.#flush();
    if (!this.#faulted) this.#lines.push(`fault ${self} ${site} ${value}`);
    this.#faulted = true;
  }

  /** Room full of garbage, so that a byte a program does not write is seen. */
  #room(line: string, type: number, size: number): number {
    this.#flush();
    if (++this.#records > maxRecords) throw new RangeError('too many outputs from one handler');
    const offset = this.#inputBytes + ((this.#records * 8192) % (outputBytes - 8192));
    new Uint8Array(this.arena, offset, size + 8).fill(garbage);
    this.#open = { line, offset, type, size };
    return offset;
  }

  /** A record is complete when the program calls again or returns. */
  #flush(): void {
    if (this.#open === null) return;
    const { line, offset, type, size } = this.#open;
    this.#open = null;
    const bytes = new Uint8Array(this.arena, offset, size).slice();
    this.#lines.push(`${line}: ${hex(canonical(bytes, this.#layouts.get(type)))}`);
  }

  /** More than are used, so that a counter written at a wrong place is seen. */
  get #drawWords(): number {
    return this.instances * this.drawsStride * 2;
  }

  trace(): Trace {
    const { state } = this.#module;
    for (let i = 0; i < this.instances; i++) {
      const start = this.stateOffset + i * this.stateStride;
      const bytes = new Uint8Array(this.memory, start, this.stateStride).slice();
      this.#lines.push(`state ${i}: ${hex(canonical(bytes, state))}`);
    }
    const draws = new Uint32Array(this.memory, this.drawsIndex * 4, this.#drawWords);
    this.#lines.push(`draws ${draws.join(' ')}`);
    return this.#lines;
  }
}

function layoutsById(module: Module): Map<number, StructLayout> {
  const all = [...module.messages, ...module.emits];
  const replies = module.messages.flatMap(({ reply }) => (reply === undefined ? [] : [reply]));
  return new Map([...all, ...replies].map(({ id, layout }) => [id, layout]));
}

const scalars = new WeakMap<StructLayout, { offset: number; storage: Storage }[]>();

/** All NaNs are one: JavaScript does not say which bits a NaN has. */
function canonical(bytes: Uint8Array, layout: StructLayout | undefined): Uint8Array {
  if (layout === undefined) return bytes;
  const list = scalars.get(layout) ?? scalarsOf(layout);
  scalars.set(layout, list);
  const view = new DataView(bytes.buffer);
  for (const { offset, storage } of list) {
    if (storage === 'f32' && Number.isNaN(view.getFloat32(offset, true))) {
      view.setUint32(offset, 0x7fc00000, true);
    }
    if (storage === 'f64' && Number.isNaN(view.getFloat64(offset, true))) {
      view.setBigUint64(offset, 0x7ff8000000000000n, true);
    }
  }
  return bytes;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
}
