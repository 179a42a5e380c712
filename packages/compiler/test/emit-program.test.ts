import { compileFunction } from 'node:vm';
import {
  buildProgram,
  emitJavaScript,
  interpretProgram,
  type Module,
  type Program,
  type ProgramEnv,
} from '@ringkernel/compiler';
import { layoutOf, u32 } from '@ringkernel/core';
import { describe, expect, it } from 'vitest';

const drawType = 0xdead_beef;

/** One handler that draws a number and keeps it in the state. */
const drawing: Module = {
  name: 'Draw it',
  state: layoutOf({ drawn: u32 }),
  messages: [{ name: 'Draw', id: drawType, layout: layoutOf({}) }],
  emits: [],
  handlers: [
    {
      name: 'Draw',
      parameters: [],
      result: null,
      locals: [{ id: 0, name: 'x', type: 'u32' }],
      body: [
        { kind: 'random', id: 0, type: 'u32' },
        {
          kind: 'store',
          place: { base: 'state', path: ['drawn'], storage: 'u32', offset: 0, indices: [] },
          value: { kind: 'local', type: 'u32', id: 0 },
        },
      ],
    },
  ],
  functions: [],
  tables: [],
  sites: [{ code: '', at: '' }],
  requires: [],
};

/** Three instances of 8 bytes, their draw counters behind them. */
function environment(): ProgramEnv {
  const unused = (): number => {
    throw new Error('nothing is sent here');
  };
  return {
    arena: new SharedArrayBuffer(256),
    memory: new SharedArrayBuffer(64),
    stateOffset: 0,
    stateStride: 8,
    drawsIndex: 8,
    drawsStride: 2,
    baseAddress: 64,
    instances: 3,
    seed: 7,
    send: unused,
    reply: unused,
    emit: unused,
    fault: () => undefined,
  };
}

const text = emitJavaScript(drawing);
const builds: readonly (readonly [string, (env: ProgramEnv) => Program])[] = [
  ['interpreted', interpretProgram(drawing)],
  ['built with new Function', buildProgram(text)],
  [
    'built with vm.compileFunction',
    buildProgram(text, (body, parameters) => compileFunction(body, parameters)),
  ],
];

describe.each(builds)('a program %s', (_, build) => {
  it('runs the handler of a type, and says when there is none', () => {
    const env = environment();
    const program = build(env);
    new DataView(env.arena).setUint32(64 + 4, 1, true);
    expect(program.run(0, 64)).toBe(false);
    new DataView(env.arena).setUint32(64 + 4, drawType, true);
    expect(program.run(0, 64)).toBe(true);
  });

  it('draws what Philox 4x32-10 gives for the seed, the draw and the instance', () => {
    const env = environment();
    const program = build(env);
    const words = new Uint32Array(env.memory);
    new DataView(env.arena).setUint32(4, drawType, true);
    // Computed with an implementation that gives the known answers of Random123.
    const expected = [
      [0, 2792404845, 1],
      [1, 3074105170, 2],
      [2, 4018978810, 3],
      [4294967295, 2770298084, 0],
    ] as const;
    for (const [draw, drawn, next] of expected) {
      words[8 + 2 * 2] = draw;
      program.run(2, 0);
      expect(words[2 * 2]).toBe(drawn);
      expect(words[8 + 2 * 2]).toBe(next);
    }
  });
});

describe('the emitted text', () => {
  it('is the same for the same module and says where it comes from', () => {
    expect(emitJavaScript(structuredClone(drawing))).toBe(text);
    expect(text).toMatch(/\/\/# sourceURL=ringkernel:\/\/\/Draw%20it\.js\n$/u);
  });

  it('has only what the module uses', () => {
    expect(text).not.toMatch(/Float32Array|divideI32|BigInt/u);
  });
});
