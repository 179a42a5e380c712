import {
  type ActorImage,
  buildProgram,
  buildWebAssemblyProgram,
  compile,
  emitJavaScript,
  emitWebAssembly,
  interpretProgram,
  type Program,
  type ProgramEnv,
  validateModule,
} from '@ringkernel/compiler';
import { type AnyActor, codecOf, type StructLayout } from '@ringkernel/core';

/** A message to a handler: its name, its fields, and what else is in its header. */
export interface Delivery {
  readonly type: string;
  readonly fields?: object;
  readonly instance?: number;
  readonly sender?: number;
  readonly microseconds?: bigint;
}

export interface Output {
  readonly kind: 'send' | 'reply' | 'emit';
  readonly type: string;
  readonly fields: unknown;
  readonly to?: number;
  readonly priority?: number;
}

export interface Outcome {
  /** Of instance 0. */
  readonly state: Record<string, unknown>;
  readonly states: readonly Record<string, unknown>[];
  readonly outputs: readonly Output[];
  readonly faults: readonly { readonly site: string; readonly value: number }[];
}

export interface Setting {
  readonly instances?: number;
  readonly seed?: number;
  readonly state?: object;
  /** Actors whose messages may be sent, besides the actor's own. */
  readonly others?: readonly ActorImage[];
}

const arenaBytes = 1 << 17;
const firstOutput = 1 << 16;
const baseAddress = 64;
const header = 128;

/** States and counters; the stage of a WebAssembly program lies behind them. */
const stageOffset = 1 << 20;
const pages = 48;

interface SharedMemory {
  readonly buffer: SharedArrayBuffer;
}

const { Memory } = (
  globalThis as unknown as {
    readonly WebAssembly: {
      readonly Memory: new (size: {
        initial: number;
        maximum: number;
        shared: true;
      }) => SharedMemory;
    };
  }
).WebAssembly;
const shared = new Memory({ initial: pages, maximum: pages, shared: true });

/** Runs one program over messages, one after the other. */
function run(
  image: ActorImage,
  make: (env: ProgramEnv) => Program,
  deliveries: readonly Delivery[],
  setting: Setting,
): Outcome {
  const { instances = 1, seed = 7 } = setting;
  const { module } = image.program;
  const stateStride = Math.ceil(image.state.size / 8) * 8 + 8;
  const arena = new ArrayBuffer(arenaBytes);
  const memory = shared.buffer;
  new Uint8Array(memory).fill(0);
  const layouts = namedLayouts([image, ...(setting.others ?? [])]);
  const pending: { output: Omit<Output, 'fields'>; id: number; offset: number }[] = [];
  const outputs: Output[] = [];
  const faults: { site: string; value: number }[] = [];
  let next = firstOutput;
  let faulted = false;
  const flush = (): void => {
    for (const { output, id, offset } of pending.splice(0)) {
      const codec = codecOf(layouts.get(id)?.layout as StructLayout);
      outputs.push({ ...output, fields: codec.decode(new DataView(arena), offset) });
    }
  };
  const room = (output: Omit<Output, 'fields' | 'type'>, id: number, size: number): number => {
    flush();
    const offset = next;
    new Uint8Array(arena, offset, size).fill(0xa5);
    next += Math.ceil(size / 64) * 64 + 64;
    pending.push({ output: { ...output, type: layouts.get(id)?.name ?? '' }, id, offset });
    return offset;
  };
  const program = make({
    arena,
    memory,
    stateOffset: 0,
    stateStride,
    drawsIndex: (stateStride * instances) / 4,
    drawsStride: 1,
    baseAddress,
    instances,
    seed,
    send: (_, __, to, id, size, priority) => room({ kind: 'send', to, priority }, id, size),
    reply: (_, __, id, size) => room({ kind: 'reply' }, id, size),
    emit: (_, __, id, size) => room({ kind: 'emit' }, id, size),
    fault: (_, site, value) => {
      flush();
      if (!faulted) faults.push({ site: module.sites[site]?.code ?? '', value });
      faulted = true;
    },
  });
  const stateCodec = codecOf(image.state);
  if (setting.state !== undefined) stateCodec.encode(new DataView(memory), 0, setting.state);
  for (const { type, fields = {}, instance = 0, sender = 0, microseconds = 0n } of deliveries) {
    const message = image.messages.find(({ name }) => name === type);
    if (message === undefined) throw new Error(`no message ${type}`);
    const view = new DataView(arena);
    view.setUint32(header + 4, message.id, true);
    view.setBigUint64(header + 32, microseconds, true);
    view.setUint32(header + 48, sender, true);
    codecOf(message.layout).encode(view, header + 64, fields);
    faulted = false;
    if (!program.run(instance, header)) throw new Error(`${type} was not handled`);
    flush();
    next = firstOutput;
  }
  const states = Array.from({ length: instances }, (_, i) =>
    stateCodec.decode(new DataView(memory), i * stateStride),
  ) as Record<string, unknown>[];
  return { state: states[0] as Record<string, unknown>, states, outputs, faults };
}

function namedLayouts(images: readonly ActorImage[]) {
  const all = images.flatMap(({ messages, emits }) => [
    ...messages,
    ...emits,
    ...messages.flatMap(({ name, reply }) => (reply === undefined ? [] : [{ name, ...reply }])),
  ]);
  return new Map(all.map((message) => [message.id, message]));
}

/** Runs an actor on the interpreter, as JavaScript and as WebAssembly; throws when they do not agree. */
export function runActor(
  definition: AnyActor,
  deliveries: readonly Delivery[],
  setting: Setting = {},
): Outcome {
  const image = compile(definition);
  const { module } = image.program;
  const invalid = validateModule(module);
  if (invalid.length > 0) throw new Error(invalid.join('\n'));
  const expected = run(image, interpretProgram(module), deliveries, setting);
  const code = emitWebAssembly(module);
  const builds: Readonly<Record<string, (env: ProgramEnv) => Program>> = {
    JavaScript: buildProgram(emitJavaScript(module)),
    WebAssembly: (env) => buildWebAssemblyProgram(code, env, { memory: shared, stageOffset }),
  };
  for (const [name, make] of Object.entries(builds)) {
    const [a, b] = [expected, run(image, make, deliveries, setting)].map(text);
    if (a !== b) throw new Error(`the interpreter gives ${a}, ${name} ${b}`);
  }
  return expected;
}

function text(outcome: Outcome): string {
  return JSON.stringify(outcome, (_, value) => {
    if (typeof value === 'bigint') return `${value}n`;
    if (Object.is(value, -0)) return '-0';
    return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
  });
}
