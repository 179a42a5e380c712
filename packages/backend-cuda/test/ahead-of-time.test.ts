import { simulatedBackend } from '@ringkernel/backend-cuda';
import { CompiledFile, compile, compileModule, emitCuda, optimize } from '@ringkernel/compiler';
import { actor, array, type Device, type KernelImage, u32 } from '@ringkernel/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { contentFingerprint } from '../../compiler/src/aot/format.ts';
import { programText } from '../dist/program/text.js';
import { noSimulation } from './simulation.ts';

const Ahead = actor('CudaAhead', {
  state: { total: u32, xs: array(u32, 40) },
  messages: { Go: {} },
  on: {
    Go(ctx) {
      const s = ctx.state;
      for (let i = 0; i < 10; i++) s.total += 100_003;
      ctx.parallelFor(40, (i) => {
        s.xs[i] = 1_000_003;
      });
    },
  },
});

/** The actor from a file whose texts say other numbers than the handler. */
function imageWith(change: (text: string, name: string) => string): KernelImage {
  const content = JSON.parse(JSON.stringify(compileModule({ Ahead })));
  const [written] = content.actors;
  for (const [name, text] of Object.entries(written.texts as Record<string, string>)) {
    written.texts[name] = change(text, name);
  }
  written.content = contentFingerprint(written);
  const image = new CompiledFile(content).imageOf(Ahead);
  if (typeof image === 'string') throw new Error(image);
  return image;
}

const kinds = [
  ['cuda', { form: 'thread' }],
  ['cuda-interruptible', { form: 'thread', handlerTimeoutMs: 10_000 }],
  ['cuda-group', { form: 'warp' }],
  ['cuda-group-interruptible', { form: 'block', handlerTimeoutMs: 10_000 }],
] as const;

/** The total after one message. */
async function totalOf(device: Device, image: KernelImage): Promise<number> {
  const options = { id: 'a', instances: 1, queueCapacity: 16, onFull: 'wait', baseAddress: 64 };
  const sink = { message: () => {}, deadLetter: () => {}, fault: () => {} };
  const kernel = await device.launch(image, { ...options, onFull: 'wait' }, sink);
  await kernel.activate();
  const [go] = image.messages;
  if (go === undefined) throw new Error('no message');
  const plain = { priority: 1, wantsReply: false, correlationLow: 0 } as const;
  kernel.inject(0, go, () => {}, {}, { ...plain, correlationHigh: 0, deadlineMs: 0 });
  await device.settled();
  const state = await kernel.readState(0);
  const { offset = 0 } = image.state.fields.find(({ name }) => name === 'total') ?? {};
  return new DataView(state.buffer, state.byteOffset).getUint32(offset, true);
}

describe.skipIf(noSimulation !== null)('text that was written ahead of time', () => {
  const numbers = new Map<string, number>(kinds.map(([name], i) => [name, 200_003 + i]));
  let image: KernelImage;

  beforeAll(() => {
    image = imageWith((text, name) => text.replaceAll('100003u', `${numbers.get(name)}u`));
  });

  test.each(kinds)(
    '%s runs as it is, and none is written anew',
    async (name, options) => {
      const backendOptions = { workers: 1, ...options };
      const device = await simulatedBackend.open({ backendOptions });
      device.ref();
      try {
        expect(await totalOf(device, image)).toBe(10 * (numbers.get(name) as number));
      } finally {
        await device.close();
      }
    },
    120_000,
  );

  let device: Device;
  afterAll(() => device.close());

  test('is not needed: what the image lacks is written at launch', async () => {
    device = await simulatedBackend.open({ backendOptions: { workers: 1, form: 'thread' } });
    device.ref();
    expect(await totalOf(device, compile(Ahead))).toBe(1_000_030);
  }, 120_000);
});

test('a program is what the optimiser leaves of the module', () => {
  const { program } = compile(Ahead);
  const text = programText(program, { lanes: 1, interruptible: false });
  const namespace = 'rk_program';
  expect(text).toContain(emitCuda(optimize(program.module), { namespace }));
  expect(text).not.toContain(emitCuda(program.module, { namespace }));
});
