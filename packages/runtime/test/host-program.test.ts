import type { Runtime } from '@ringkernel/runtime';
import { ask, createRuntime, HostProgramError, hostActor, u32 } from '@ringkernel/runtime';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { standalone } from './modules/loops.ts';

const outside = 41;

const messages = { Add: ask({ by: u32 }, { sum: u32 }) };

let runtime: Runtime;
beforeAll(async () => {
  runtime = await createRuntime({ backend: 'cpu' });
});
afterAll(() => runtime.close());

async function refusalOf(launch: Promise<unknown>): Promise<HostProgramError> {
  const error = await launch.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(HostProgramError);
  return error as HostProgramError;
}

describe('a loop that uses what is around it is refused', () => {
  test('with the names of what it captured', async () => {
    const captures = hostActor('Captures', {
      messages,
      async run(ctx) {
        while (!ctx.shouldTerminate) {
          const m = await ctx.receive();
          if (m?.type === 'Add') ctx.reply(m, { sum: m.by + outside });
        }
      },
    });
    const error = await refusalOf(runtime.launch(captures));
    expect(error.captured).toEqual(['outside']);
    expect(error.message).toContain("'Captures'");
    expect(error.hint).toMatch(/module.*export/);
  });

  test('an import, as the build tool names it', async () => {
    const imports = hostActor('Imports', {
      messages,
      run: async () => {
        standalone();
      },
    });
    const error = await refusalOf(runtime.launch(imports));
    expect(error.captured).toHaveLength(1);
  });

  test('`this` of the definition', async () => {
    const self = hostActor('Self', {
      messages,
      async run(this: unknown) {
        await Promise.resolve(this);
      },
    });
    expect((await refusalOf(runtime.launch(self))).captured).toEqual(['this']);
  });

  test('a function without a text', async () => {
    const bound = hostActor('Bound', { messages, run: (async () => {}).bind(null) });
    expect((await refusalOf(runtime.launch(bound))).message).toMatch(/native or bound/);
  });
});

test.each(['./loop.js', '/home/me/loop.js', 'C:\\me\\loop.js', 'loop'])(
  'module %s is no URL and refused',
  async (module) => {
    const relative = hostActor('Relative', { messages, module, export: 'loop' });
    const error = await refusalOf(runtime.launch(relative));
    expect(error.message).toContain(module);
    expect(error.hint).toContain('import.meta.url');
  },
);

describe('a loop that stands alone runs', () => {
  test('from a module, with what is around it there', async () => {
    const doubler = hostActor('Doubler', {
      messages,
      module: new URL('./modules/doubler.mjs', import.meta.url),
      export: 'double',
    });
    const kernel = await runtime.launch(doubler);
    expect(await kernel.call('Add', { by: 21 })).toEqual({ sum: 42 });
  });

  test('and imports inside of itself', async () => {
    const importer = hostActor('Importer', {
      messages,
      async run(ctx) {
        const { createHash } = await import('node:crypto');
        while (!ctx.shouldTerminate) {
          const m = await ctx.receive();
          if (m === undefined) continue;
          const digest = createHash('sha256').update(String(m.by)).digest();
          ctx.reply(m, { sum: digest.readUInt32LE(0) });
        }
      },
    });
    const kernel = await runtime.launch(importer);
    // SHA-256 of "7": 7902699b…
    expect(await kernel.call('Add', { by: 7 })).toEqual({ sum: 0x9b690279 });
  });

  test('with the helper by which esbuild names functions', async () => {
    const text = `async (ctx) => {
      const add = __name((a) => a + 1, 'add');
      while (!ctx.shouldTerminate) {
        const m = await ctx.receive();
        if (m !== undefined) ctx.reply(m, { sum: add(m.by) });
      }
    }`;
    const run = new Function('__name', `return ${text}`)((fn: unknown) => fn);
    const kernel = await runtime.launch(hostActor('Named', { messages, run }));
    expect(await kernel.call('Add', { by: 1 })).toEqual({ sum: 2 });
  });

  test('a module without such an export is refused', async () => {
    const nothing = hostActor('Nothing', {
      messages,
      module: new URL('./modules/doubler.mjs', import.meta.url),
      export: 'triple',
    });
    await expect(runtime.launch(nothing)).rejects.toThrow(/triple/);
  });
});
