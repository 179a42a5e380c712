import { readFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { fileURLToPath } from 'node:url';
import { type ActorImage, CompiledFile, compile, compileModule } from '@ringkernel/compiler';
import { actor, array, codecOf, u32 } from '@ringkernel/core';
import { afterEach, expect, test, vi } from 'vitest';
import { Collected, launchOptions, plain } from './hand-written.ts';
import { closeAll, open } from './opened.ts';

afterEach(closeAll);

const Meter = actor('DebuggedMeter', {
  state: { total: u32, seen: array(u32, 4) },
  messages: { Add: { by: u32 }, Hang: {} },
  on: {
    Add(ctx, m) {
      const s = ctx.state;
      const triple = m.by * 3;
      s.total += triple;
      s.seen[0] = s.total; // here it is stopped
    },
    Hang(ctx) {
      while (ctx.state.total < 1) {
        ctx.state.seen[1] = ctx.state.total; // here it is ended
      }
    },
  },
});

const ownLines = readFileSync(fileURLToPath(import.meta.url), 'utf8').split('\n');
const lineOf = (comment: string): number =>
  ownLines.findIndex((line) => line.includes(`// ${comment}`)) + 1;

// biome-ignore lint/suspicious/noExplicitAny: answers of the inspector have many shapes.
type Answer = any;

/** A debugger of the worker threads of this process, as an editor is one. */
class WorkerDebugger {
  readonly events: { readonly method: string; readonly params: Answer }[] = [];
  readonly #session = new Session();
  readonly #answers = new Map<number, (result: Answer) => void>();
  #sessionId = '';
  #last = 0;

  async attach(): Promise<void> {
    this.#session.connect();
    this.#session.on('NodeWorker.attachedToWorker', ({ params }: Answer) => {
      this.#sessionId = params.sessionId;
    });
    this.#session.on('NodeWorker.receivedMessageFromWorker', ({ params }: Answer) => {
      const { id, result, method, params: more } = JSON.parse(params.message);
      if (id === undefined) this.events.push({ method, params: more });
      else this.#answers.get(id)?.(result);
    });
    this.#session.post('NodeWorker.enable', { waitForDebuggerOnStart: false });
    await vi.waitFor(() => expect(this.#sessionId).not.toBe(''), 30_000);
  }

  ask(method: string, params: object = {}): Promise<Answer> {
    const id = ++this.#last;
    const message = JSON.stringify({ id, method, params });
    return new Promise((resolve) => {
      this.#answers.set(id, resolve);
      this.#session.post('NodeWorker.sendMessageToWorker', {
        sessionId: this.#sessionId,
        message,
      });
    });
  }

  /** The first event of this kind that holds. */
  async event(method: string, holds: (params: Answer) => boolean): Promise<Answer> {
    return vi.waitFor(() => {
      const found = this.events.find((event) => event.method === method && holds(event.params));
      if (found === undefined) throw new Error(`no ${method} yet`);
      return found.params;
    }, 30_000);
  }

  close(): void {
    this.#session.disconnect();
  }
}

/** The first line of a script that comes from a line of a file; both from 1, as editors count. */
function generatedLine(payload: SourceMapPayload, lines: number, line: number): number {
  const map = new SourceMap(payload);
  for (let i = 0; i < lines; i++) {
    const found = map.findEntry(i, 1_000);
    if ('originalLine' in found && found.originalLine === line - 1) return i;
  }
  throw new RangeError(`nothing comes from line ${line}`);
}

/** As a file has it that was compiled ahead of time. */
function compiledAhead(): ActorImage {
  const content = JSON.parse(JSON.stringify(compileModule({ Meter })));
  const image = new CompiledFile(content).imageOf(Meter);
  if (typeof image === 'string') throw new Error(image);
  return image;
}

test.each([
  ['at launch', () => compile(Meter)],
  ['ahead of time', compiledAhead],
])('a debugger stops in a handler compiled %s, with its values', async (_, image) => {
  const device = await open({ workers: 1, sourceMaps: true });
  const kernel = await device.launch(image(), launchOptions(), new Collected());
  await kernel.activate();
  const debug = new WorkerDebugger();
  await debug.attach();
  try {
    await debug.ask('Debugger.enable');
    const script = await debug.event(
      'Debugger.scriptParsed',
      ({ url }) => url === 'ringkernel:///DebuggedMeter.js',
    );
    const encoded = script.sourceMapURL.split(',')[1];
    const payload = JSON.parse(Buffer.from(encoded, 'base64').toString('utf8'));
    expect(payload.sources).toEqual([import.meta.url]);
    const { scriptSource } = await debug.ask('Debugger.getScriptSource', script);
    const lines = scriptSource.split('\n').length;
    const lineNumber = generatedLine(payload, lines, lineOf('here it is stopped'));
    await debug.ask('Debugger.setBreakpointByUrl', { lineNumber, url: script.url });

    const [add] = compile(Meter).messages;
    if (add === undefined) throw new Error('no message');
    const codec = codecOf(add.layout);
    kernel.inject(0, add, (view, at, by: number) => codec.encode(view, at, { by }), 5, plain);
    const { callFrames } = await debug.event('Debugger.paused', () => true);
    const [frame] = callFrames;
    expect(frame.functionName).toBe('h0_Add');
    const evaluate = async (expression: string): Promise<unknown> => {
      const { callFrameId } = frame;
      const answer = await debug.ask('Debugger.evaluateOnCallFrame', { callFrameId, expression });
      return answer.result.value;
    };
    expect(await evaluate('triple_0')).toBe(15);
    expect(await evaluate('stateU32[s4]')).toBe(15);
    expect(await evaluate('stateU32[s4 + 1]')).toBe(0);
    await debug.ask('Debugger.resume');
    await device.settled();
    expect((await kernel.readState(0)).slice(0, 8)).toEqual(
      Uint8Array.of(15, 0, 0, 0, 15, 0, 0, 0),
    );
  } finally {
    debug.close();
  }
});

async function endedStack(options: object, image = compile(Meter)): Promise<string> {
  const device = await open({ workers: 1, handlerTimeoutMs: 50, ...options });
  const seen = new Collected();
  const kernel = await device.launch(image, launchOptions(), seen);
  await kernel.activate();
  const hang = compile(Meter).messages[1];
  if (hang === undefined) throw new Error('no message');
  kernel.inject(0, hang, () => {}, null, plain);
  await device.settled();
  const error = seen.faults[0]?.error;
  expect(error).toMatchObject({ code: 'RK_HANDLER_TIMEOUT' });
  return error?.cause instanceof Error ? (error.cause.stack ?? '') : '';
}

test.each([
  ['at launch', () => compile(Meter)],
  ['ahead of time', compiledAhead],
])('a handler compiled %s that is ended tells the line of its file', async (_, image) => {
  const stack = await endedStack({ sourceMaps: true }, image());
  const [, line] = /debugger\.test\.ts:(\d+)/.exec(stack) ?? [];
  expect(Math.abs(Number(line) - lineOf('here it is ended'))).toBeLessThanOrEqual(1);
});

test('when left out, source maps are there if the process has them enabled', async () => {
  const before = process.sourceMapsEnabled;
  try {
    process.setSourceMapsEnabled(true);
    expect(await endedStack({})).toMatch(/debugger\.test\.ts:\d+/);
    expect(await endedStack({ sourceMaps: false })).toMatch(/ringkernel:\/\/\/\w+\.js:\d+/);
    process.setSourceMapsEnabled(false);
    expect(await endedStack({})).toMatch(/ringkernel:\/\/\/\w+\.js:\d+/);
  } finally {
    process.setSourceMapsEnabled(before);
  }
});

test('the option is true or false', async () => {
  await expect(open({ sourceMaps: 'yes' })).rejects.toMatchObject({ code: 'RK_INVALID_OPTION' });
});
