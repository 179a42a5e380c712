import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const folder = fileURLToPath(new URL('..', import.meta.url));
/** Long enough for a loaded machine; a process that does not end by itself is ended then. */
const patienceMs = 20_000;

const prelude = `
import { actor, ask, createRuntime, hostActor, u32 } from '@ringkernel/runtime';
const Echo = actor('Echo', {
  state: { seen: u32 },
  messages: {
    Ask: ask({ value: u32 }, { value: u32 }),
    Mute: ask({ value: u32 }, { value: u32 }),
    Tell: { value: u32 },
    Burn: { turns: u32 },
  },
  emits: { Told: { value: u32 } },
  on: {
    Ask(ctx, m) { ctx.reply({ value: m.value }); },
    Mute(ctx) { ctx.state.seen += 1; },
    Tell(ctx, m) { ctx.emit('Told', { value: m.value }); },
    Burn(ctx, m) {
      let x = u32(1);
      for (let i = u32(0); i < m.turns; i++) x = x * 1664525 + 1013904223;
      ctx.state.seen += x & 1;
    },
  },
});
const said = (text) => (error) => console.log(text, error.code);
`;

interface Ended {
  /** Null: it did not end by itself. */
  readonly code: number | null;
  readonly output: string;
}

/** Runs a program in a process of its own until it ends by itself. */
async function run(program: string): Promise<Ended> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', prelude + program], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
  const timer = setTimeout(() => child.kill('SIGKILL'), patienceMs);
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  clearTimeout(timer);
  return { code, output: output.trim() };
}

/** Node's code for a process that ran out of work while its main module awaited something. */
const unsettled = 13;

describe.concurrent('the process stays alive', { timeout: 3 * patienceMs }, () => {
  test('while a call waits for its reply', async () => {
    const program = `
      const echo = await (await createRuntime()).launch(Echo);
      echo.send('Burn', { turns: 100_000_000 });
      console.log((await echo.call('Ask', { value: 7 })).value);
      process.exit(0);`;
    expect(await run(program)).toEqual({ code: 0, output: '7' });
  });

  test('until a call that nobody answers gives up', async () => {
    const program = `
      const runtime = await createRuntime();
      const echo = await runtime.launch(Echo);
      await echo.call('Mute', { value: 1 }, { timeoutMs: 300 }).catch(said('gave up'));
      await runtime.close();`;
    expect(await run(program)).toEqual({ code: 0, output: 'gave up RK_TIMEOUT' });
  });

  test('while a receive waits for what comes later', async () => {
    const program = `
      const runtime = await createRuntime();
      const echo = await runtime.launch(Echo);
      setTimeout(() => echo.send('Tell', { value: 9 }), 300).unref();
      console.log((await echo.receive('Told', { timeoutMs: 15_000 })).value);
      await runtime.close();`;
    expect(await run(program)).toEqual({ code: 0, output: '9' });
  });

  test('until a receive that nobody answers gives up', async () => {
    const program = `
      const runtime = await createRuntime();
      const echo = await runtime.launch(Echo);
      await echo.receive('Told', { timeoutMs: 300 }).then(undefined, said('gave up'));
      await runtime.close();`;
    expect(await run(program)).toEqual({ code: 0, output: 'gave up RK_TIMEOUT' });
  });

  test('while a send waits for room', async () => {
    const program = `
      const runtime = await createRuntime();
      const echo = await runtime.launch(Echo, { queueCapacity: 1, autoActivate: false });
      await echo.send('Tell', { value: 1 });
      setTimeout(() => echo.activate(), 300).unref();
      console.log(typeof (await echo.send('Tell', { value: 2 }, { timeoutMs: 15_000 })));
      await runtime.close();`;
    expect(await run(program)).toEqual({ code: 0, output: 'bigint' });
  });

  test('while somebody waits for the end of a kernel', async () => {
    const program = `
      const runtime = await createRuntime();
      const echo = await runtime.launch(Echo);
      setTimeout(() => runtime.terminate('Echo'), 300).unref();
      await echo.wait();
      console.log(echo.state);
      await runtime.close();`;
    expect(await run(program)).toEqual({ code: 0, output: 'terminated' });
  });

  test('until settled() and close() are done', async () => {
    const program = `
      const runtime = await createRuntime();
      const echo = await runtime.launch(Echo);
      for (let i = 0; i < 3; i++) echo.trySend('Burn', { turns: 50_000_000 });
      await runtime.settled();
      console.log(echo.metrics().handled);
      echo.trySend('Burn', { turns: 50_000_000 });
      await runtime.close();
      console.log(echo.metrics().handled);`;
    expect(await run(program)).toEqual({ code: 0, output: '3\n4' });
  });
});

describe.concurrent('the process ends', { timeout: 3 * patienceMs }, () => {
  test('after close, which is idempotent', async () => {
    const program = `
      const runtime = await createRuntime();
      const echo = await runtime.launch(Echo, { instances: 10_000 });
      await echo.call('Ask', { value: 1 });
      await Promise.all([runtime.close(), runtime.close()]);
      await runtime.close();
      console.log('closed');`;
    expect(await run(program)).toEqual({ code: 0, output: 'closed' });
  });

  test('after `await using`', async () => {
    const program = `
      const open = async () => {
        const runtime = await createRuntime();
        return { runtime, echo: await runtime.launch(Echo) };
      };
      const { runtime, echo } = await open();
      await echo.call('Ask', { value: 1 });
      await runtime[Symbol.asyncDispose]();
      console.log(runtime.kernelIds.length);`;
    expect(await run(program)).toEqual({ code: 0, output: '0' });
  });

  test('of an idle runtime that nobody closed: nothing waits, nothing is left to do', async () => {
    const program = `
      const echo = await (await createRuntime()).launch(Echo, { instances: 10_000 });
      console.log((await echo.call('Ask', { value: 5 })).value);`;
    expect(await run(program)).toEqual({ code: 0, output: '5' });
  });

  test('when all that is left is a wait of somebody else', async () => {
    const program = `
      await (await createRuntime()).launch(Echo);
      await new Promise(() => {});`;
    expect((await run(program)).code).toBe(unsettled);
  });

  test('with an error that nobody catches, not silently', async () => {
    const program = `
      const echo = await (await createRuntime()).launch(Echo);
      await echo.call('Mute', { value: 1 }, { timeoutMs: 100 });`;
    const { code, output } = await run(program);
    expect(code).toBe(1);
    expect(output).toContain('RK_TIMEOUT');
  });
});

test('an idle runtime with 10,000 instances uses no processor time', {
  timeout: 60_000,
}, async () => {
  const program = `
    const runtime = await createRuntime();
    const echo = await runtime.launch(Echo, { instances: 10_000 });
    for (let i = 0; i < 10_000; i++) await echo.at(i).send('Tell', { value: i });
    await runtime.settled();
    await new Promise((resolve) => setTimeout(resolve, 500));
    const before = process.cpuUsage();
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    const { user, system } = process.cpuUsage(before);
    console.log((user + system) / 2_000_000 < 0.05);
    await runtime.close();`;
  expect(await run(program)).toEqual({ code: 0, output: 'true' });
});
