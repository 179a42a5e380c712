import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { CompiledFileError, createRuntime, InvalidOptionError } from '@ringkernel/runtime';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { contentFingerprint } from '../../compiler/src/aot/format.ts';

const here = fileURLToPath(new URL('compiled', import.meta.url));
const cli = fileURLToPath(new URL('../../compiler/dist/aot/cli.js', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'ringkernel-compiled-'));
const file = join(scratch, 'actors.rk.json');

function node(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, args, { encoding: 'utf8' });
}

/** What the actor's program says: its results, whether the parser was loaded, and warnings. */
function run(compiled: string, options: object = {}, ...flags: string[]) {
  const { stdout, stderr } = node(
    ...flags,
    join(here, 'main.mjs'),
    compiled,
    JSON.stringify(options),
  );
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout);
}

/** The parts of the file that the tests change. */
interface Editable {
  compiler: string;
  readonly actors: [
    {
      name: string;
      readonly handlers: string[];
      readonly texts: { js: string; wasm: string };
      readonly module: { readonly handlers: [{ locals: unknown }] };
    },
  ];
}

function edited(name: string, edit: (file: Editable) => void): string {
  const content = JSON.parse(readFileSync(file, 'utf8'));
  edit(content);
  for (const actor of content.actors) actor.content = contentFingerprint(actor);
  const path = join(scratch, name);
  writeFileSync(path, JSON.stringify(content));
  return path;
}

/** Five bytes of a whole number below 2^34, as WebAssembly writes them. */
function leb128(value: bigint): Uint8Array {
  const digits = Array.from({ length: 5 }, (_, i) => Number((value >> BigInt(7 * i)) & 127n));
  return Uint8Array.from(digits, (digit, i) => (i < 4 ? digit | 128 : digit));
}

const cuda = 'cuda, cuda-interruptible, cuda-group, cuda-group-interruptible';
const result = { sum: 34, wide: '5000000000' };

beforeAll(() => {
  const { status, stderr, stdout } = node(cli, join(here, 'actors.mjs'), '-o', file);
  expect(stderr).toBe('');
  expect(stdout).toBe(`${file}: Adder (js, wasm, wgsl, ${cuda})\n`);
  expect(status).toBe(0);
});

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe('actors from a file', () => {
  test('are the same as those compiled at launch, without the parser', () => {
    expect(run(file)).toEqual({ ...result, parser: false, warnings: [] });
    expect(run(pathToFileURL(file).href, { compiledOnly: true })).toMatchObject(result);
  });

  test('of text that was emitted then', () => {
    // Proof that the text of the file runs, and not one emitted anew.
    const path = edited('text.json', (content) => {
      const [adder] = content.actors;
      adder.texts.js = adder.texts.js.replaceAll('5000000000', '7000000000');
    });
    expect(run(path).wide).toBe('7000000000');
    // A source map belongs to a text that is emitted with it.
    const mapped = { backendOptions: { code: 'javascript', sourceMaps: true } };
    expect(run(path, mapped)).toMatchObject({ ...result, parser: false });
  });

  test('of WebAssembly that was emitted then', () => {
    const webAssembly = { backendOptions: { code: 'webassembly' } };
    expect(run(file, webAssembly)).toMatchObject({ ...result, parser: false });
    const path = edited('wasm.json', (content) => {
      const [{ texts }] = content.actors;
      const code = JSON.parse(texts.wasm);
      const bytes = Buffer.from(code.bytes, 'base64');
      const at = bytes.indexOf(leb128(5_000_000_000n));
      expect(at).toBeGreaterThan(0);
      bytes.set(leb128(7_000_000_000n), at);
      texts.wasm = JSON.stringify({ ...code, bytes: bytes.toString('base64') });
    });
    expect(run(path, webAssembly).wide).toBe('7000000000');
    expect(run(path).wide).toBe('5000000000');
  });

  test('are compiled again, with a warning, when they have changed', () => {
    const path = edited('stale.json', ({ actors: [adder] }) => {
      adder.handlers[0] = '00000000-1';
    });
    const { warnings, parser, ...same } = run(path);
    expect(same).toEqual(result);
    expect(parser).toBe(true);
    expect(warnings).toEqual([
      {
        code: 'RK_COMPILED_STALE',
        message: expect.stringMatching(/its handler Add has changed.*compiled again/),
      },
    ]);
    expect(run(path, { compiledOnly: true })).toEqual({
      code: 'RK_COMPILED_STALE',
      message: expect.stringContaining(
        `Adder is not as compiled in ${path}: its handler Add has changed`,
      ),
    });
  });

  test('from another version of the compiler are compiled again', () => {
    const path = edited('old.json', (content) => {
      content.compiler = '0.0.0-old';
    });
    expect(run(path).warnings).toHaveLength(1);
    expect(run(path, { compiledOnly: true }).message).toContain(
      'version 0.0.0-old of the compiler',
    );
  });

  test('are missed only where nothing else is wanted', () => {
    const path = edited('missing.json', ({ actors: [adder] }) => {
      adder.name = 'Other';
    });
    expect(run(path)).toMatchObject({ ...result, warnings: [] });
    expect(run(path, { compiledOnly: true }).message).toContain('it is not in it');
  });

  test('run where nothing may be inspected', () => {
    const [major = 0] = process.versions.node.split('.').map(Number);
    const permission = major < 22 ? '--experimental-permission' : '--permission';
    const flags = [permission, '--allow-fs-read=*', '--allow-worker'];
    expect(run(file, { compiledOnly: true }, ...flags)).toMatchObject(result);
  });
});

test('the programs of docs/ahead-of-time.md do what they say', () => {
  const page = readFileSync(new URL('../../../docs/ahead-of-time.md', import.meta.url), 'utf8');
  // Inside this package, so that they find the packages they import.
  const folder = fileURLToPath(new URL('../build/ahead-of-time', import.meta.url));
  mkdirSync(folder, { recursive: true });
  for (const [, code = '', name = ''] of page.matchAll(/```js\n(\/\/ (\w+\.js)\n.*?)```/gs)) {
    writeFileSync(join(folder, name), code);
  }
  const command = /npx ringkernel-compile (.*)/.exec(page)?.[1]?.split(' ') ?? [];
  expect(
    node(cli, ...command.map((word) => word.replace(/^actors/, `${folder}/actors`))),
  ).toMatchObject({
    status: 0,
  });
  expect(node(join(folder, 'main.js'))).toMatchObject({ stdout: '15\n', stderr: '' });
});

describe('a file that can not be used', () => {
  test('is told when the runtime is made', async () => {
    const missing = join(scratch, 'none.json');
    const error = await createRuntime({ compiled: missing }).catch((e) => e);
    expect(error).toBeInstanceOf(CompiledFileError);
    expect(error.message).toContain('ENOENT');
    const path = edited('edited.json', ({ actors: [adder] }) => {
      adder.module.handlers[0].locals = 3;
    });
    await expect(createRuntime({ compiled: path })).rejects.toThrow(
      'file.actors[0].module.handlers[0].locals: wanted an array, found 3',
    );
  });

  test('must be given to do without the compiler', async () => {
    const options = { compiledOnly: true };
    await expect(createRuntime(options)).rejects.toThrow(InvalidOptionError);
  });
});
