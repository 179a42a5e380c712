import type { Module } from '../ir/types.ts';
import type { Program, ProgramEnv } from '../js/abi.ts';
import { stateWords } from '../wgsl/index.ts';
import type { Scenario } from './engine.ts';
import { control, controlWords, recordKind, recordWords } from './wgsl-engine.ts';

/** A scenario as a block of memory for each purpose, for engines that run all of it at once. */
export interface MemoryJob {
  readonly control: Uint32Array;
  readonly deliveries: Uint32Array;
  readonly messages: Uint32Array;
  readonly states: Uint32Array;
}

/** What is in memory afterwards. */
export interface MemoryResult {
  readonly control: Uint32Array;
  readonly states: Uint32Array;
  readonly records: Uint32Array;
}

/** Words of records for one instance. */
export const recordRoom: number = 1 << 16;

/** The scenario in memory, before the first message. */
export function memoryJob(module: Module, scenario: Scenario): MemoryJob {
  const { instances } = scenario;
  const starts: number[] = [];
  const words: number[] = [];
  for (const { bytes } of scenario.messages) {
    starts.push(words.length);
    words.push(...new Uint32Array(bytes.slice().buffer));
  }
  const controls = new Uint32Array(instances * controlWords);
  const deliveries: number[] = [];
  for (let i = 0; i < instances; i++) {
    const own = scenario.messages.flatMap(({ instance }, m) => (instance === i ? [m] : []));
    controls[i * controlWords + control.first] = deliveries.length;
    controls[i * controlWords + control.count] = own.length;
    deliveries.push(...own.map((m) => starts[m] ?? 0));
  }
  return {
    control: controls,
    deliveries: Uint32Array.from(deliveries),
    messages: Uint32Array.from(words),
    states: new Uint32Array(instances * stateWords(module.state)),
  };
}

/** A program that does what the records say, message after message; the states are there from the start. */
export function replay(
  module: Module,
  scenario: Scenario,
  { control: controls, states, records }: MemoryResult,
  env: ProgramEnv,
): Program {
  const memory = new Uint32Array(env.memory);
  const arena = new Uint32Array(env.arena);
  const stride = stateWords(module.state);
  const sizes = sizesOf(module);
  const next = Array.from({ length: scenario.instances }, (_, i) => {
    const start = (env.stateOffset + i * env.stateStride) / 4;
    memory.set(states.subarray(i * stride, (i + 1) * stride), start);
    const own = i * controlWords;
    memory[env.drawsIndex + i * env.drawsStride] = controls[own + control.draws] ?? 0;
    if (controls[own + control.overflow] !== 0) throw new RangeError('no room for all records');
    return i * recordRoom;
  });
  return {
    run(self, header) {
      for (;;) {
        const at = next[self] ?? 0;
        const [kind, type = 0, to = 0, priority = 0] = records.subarray(at, at + recordWords);
        const size = kind === recordKind.fault ? 0 : (sizes.get(type) ?? 0);
        const words = kind === recordKind.handled ? 0 : Math.ceil(size / 4);
        const payload = records.subarray(at + recordWords, at + recordWords + words);
        next[self] = at + recordWords + words;
        switch (kind) {
          case recordKind.send:
            arena.set(payload, env.send(self, header, to, type, size, priority) / 4);
            break;
          case recordKind.reply:
            arena.set(payload, env.reply(self, header, type, size) / 4);
            break;
          case recordKind.emit:
            arena.set(payload, env.emit(self, header, type, size) / 4);
            break;
          case recordKind.fault:
            env.fault(self, type, to);
            break;
          case recordKind.handled:
            return type === 1;
          default:
            throw new RangeError(`there is no record of kind ${kind}`);
        }
      }
    },
  };
}

function sizesOf(module: Module): Map<number, number> {
  const replies = module.messages.flatMap(({ reply }) => (reply === undefined ? [] : [reply]));
  const all = [...module.messages, ...module.emits, ...replies];
  return new Map(all.map(({ id, layout }) => [id, layout.size]));
}
