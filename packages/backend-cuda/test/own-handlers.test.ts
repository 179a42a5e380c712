import { spawnSync } from 'node:child_process';
import { CudaCompileError, simulatedBackend } from '@ringkernel/backend-cuda';
import { compile } from '@ringkernel/compiler';
import {
  actor,
  array,
  ask,
  codecOf,
  type Device,
  type KernelImage,
  type MessageDescriptor,
  u32,
  u64,
} from '@ringkernel/core';
import { describe, expect, test } from 'vitest';
import { loadAddon } from '../dist/native/load.js';
import { buildProgram } from '../dist/program/build.js';
import { atHandlers } from '../dist/program/diagnostics.js';
import { withOwnHandlers } from '../dist/program/own-handlers.js';
import { programText } from '../dist/program/text.js';
import { noSimulation } from './simulation.ts';

const Table = actor('CudaTable', {
  state: { calls: u32, total: u64, last: array(u32, 4) },
  messages: { Put: { value: u32 }, Sum: ask({ times: u32 }, { total: u64, calls: u32 }) },
  emits: { Full: { value: u32 } },
  on: {
    Put(ctx, m) {
      ctx.state.last[ctx.state.calls % 4] = m.value;
      ctx.state.calls += 1;
      ctx.state.total += u64(m.value);
      if (ctx.state.calls % 4 === 0) ctx.emit('Full', { value: m.value });
    },
    Sum(ctx, m) {
      ctx.reply({ total: ctx.state.total * u64(m.times), calls: ctx.state.calls });
    },
  },
});

/** The same by hand, but that it counts calls by hundreds, to be told apart. */
const handlers = {
  'CudaTable.Put': `
  state_last[(state_calls / 100u) % 4u] = message_value;
  state_calls += 100u;
  state_total += message_value;
  if ((state_calls / 100u) % 4u == 0u) {
    unsigned char* out = rk_emit(rk, Full_type, Full_size);
    if (out) *(rk_u32*)(out + Full_at_value) = message_value;
  }`,
  'CudaTable.Sum': `
  unsigned char* out = rk_reply(rk, reply_type, reply_size);
  if (!out) return;
  *(rk_u64*)(out + reply_at_total) = state_total * message_times;
  *(rk_u32*)(out + reply_at_calls) = state_calls;`,
};

const image: KernelImage = compile(Table);
const [put, sum] = image.messages as [MessageDescriptor, MessageDescriptor];
const sumReply = codecOf((sum.reply as { layout: typeof sum.layout }).layout);
const fullCodec = codecOf((image.emits[0] as MessageDescriptor).layout);

async function launch(device: Device, told: unknown[]) {
  device.ref();
  const options = {
    id: 't',
    instances: 1,
    queueCapacity: 64,
    onFull: 'wait',
    baseAddress: 64,
  } as const;
  return await device.launch(image, options, {
    message: ({ type, view, byteOffset }) => {
      const codec = type === (image.emits[0] as MessageDescriptor).id ? fullCodec : sumReply;
      told.push(codec.decode(view, byteOffset));
    },
    deadLetter: () => {},
    fault: (fault) => told.push(fault),
  });
}

async function results(own: Readonly<Record<string, string>>): Promise<unknown[]> {
  const told: unknown[] = [];
  const device = await simulatedBackend.open({ backendOptions: { handlers: own } });
  const kernel = await launch(device, told);
  await kernel.activate();
  const inject = (message: MessageDescriptor, fields: object): void => {
    const codec = codecOf(message.layout);
    const write = (view: DataView, at: number, value: object) =>
      codec.encode(view, at, value as never);
    const options = { priority: 1, correlationLow: 1, correlationHigh: 0, deadlineMs: 0 } as const;
    kernel.inject(0, message, write, fields, { ...options, wantsReply: message === sum });
  };
  for (const value of [5, 6, 7, 8]) inject(put, { value });
  inject(sum, { times: 3 });
  await device.settled();
  await device.close();
  return told;
}

const noToolkit = spawnSync('nvcc', ['--version']).status === 0 ? null : 'nvcc is missing';
if (noToolkit !== null) console.log(`skipped: ${noToolkit}`);

test.skipIf(noToolkit !== null)(
  'CUDA C++ by hand is understood by the real compiler',
  async () => {
    const { module } = (image as ReturnType<typeof compile>).program;
    const text = withOwnHandlers(
      programText({ kind: 'ir', module }, { lanes: 1, interruptible: true }),
      image,
      handlers,
    );
    const target = {
      addon: loadAddon(),
      libraries: { driver: [], nvrtc: ['/nowhere/libnvrtc.so'], nvml: [] },
      simulated: false,
      capability: 90,
      simulationFlags: [],
      cacheFolder: null,
      ptxFolder: null,
    };
    const ptx = new TextDecoder().decode(await buildProgram(target, 'own', text));
    expect(ptx).toContain('.entry rk_work');
    const wrong = text.replace('state_calls += 100u', 'nowhere = 1');
    const error = await buildProgram(target, 'own', wrong).catch((thrown: unknown) => thrown);
    const { diagnostics } = atHandlers(error, image, wrong) as CudaCompileError;
    expect(diagnostics[0]).toMatchObject({ handler: 'Put', at: 'CudaTable.Put:3' });
  },
  300_000,
);

describe.skipIf(noSimulation !== null)('CUDA C++ by hand', () => {
  test('takes the place of handlers, with state, payload, events and replies', async () => {
    expect(await results({})).toEqual([{ value: 8 }, { total: 78n, calls: 4 }]);
    expect(await results(handlers)).toEqual([{ value: 8 }, { total: 78n, calls: 400 }]);
  });

  test('may stand for one handler only, and for other actors has no meaning', async () => {
    const { 'CudaTable.Sum': one } = handlers;
    const other = { 'CudaTable.Sum': one, 'Other.Put': 'nonsense' };
    expect(await results(other)).toEqual([{ value: 8 }, { total: 78n, calls: 4 }]);
  });

  test('is told of its own lines when it does not compile', async () => {
    const wrong = { 'CudaTable.Put': 'state_calls += 1u;\nnowhere = 1;' };
    const error = (await results(wrong).catch((thrown: unknown) => thrown)) as CudaCompileError;
    expect(error).toBeInstanceOf(CudaCompileError);
    expect(error.diagnostics[0]).toMatchObject({ handler: 'Put', at: 'CudaTable.Put:2' });
  });

  test('of a message that the actor has not is refused', async () => {
    await expect(results({ 'CudaTable.Take': '' })).rejects.toMatchObject({
      code: 'RK_INVALID_OPTION',
      option: 'handlers',
    });
  });
});
