import { readFileSync } from 'node:fs';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import {
  CompiledFile,
  CompiledFileError,
  compile,
  compileModule,
  emitJavaScript,
  emitWebAssembly,
  emitWgsl,
  optimize,
  readCompiledFile,
  webAssemblyFromText,
} from '@ringkernel/compiler';
import { placeOfLine } from '@ringkernel/compiler/back-end';
import { type AnyActor, actor, array, ask, f32, ref, u32, u64 } from '@ringkernel/core';
import { describe, expect, test } from 'vitest';
import { contentFingerprint } from '../src/aot/format.ts';
import { encodeValue, moduleBody } from '../src/aot/module-shape.ts';
import { generateCase } from '../src/fuzz/generate.ts';
import { compilerVersion } from '../src/version.ts';
import * as book from './actors/book.ts';
import * as counter from './actors/counter.ts';
import * as ring from './actors/ring.ts';
import * as stats from './actors/stats.ts';
import * as vector from './actors/vector.ts';
import * as built from './builds/actors.ts';

/** As a file would have it. */
function written(exports: Readonly<Record<string, unknown>>): unknown {
  return JSON.parse(JSON.stringify(compileModule(exports)));
}

const { Wrong: _, ...sound } = built;
const all = { ...book, ...counter, ...ring, ...stats, ...vector, ...sound };
const actors = Object.values(all).filter((value): value is AnyActor => {
  return Object(value).kind === 'actor';
});

test('the version is the package’s', () => {
  const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  expect(compilerVersion).toBe(manifest.version);
});

test.each(actors.map((definition) => [definition.name, definition]))(
  '%s comes back from a file as it was compiled',
  (_name, definition) => {
    const image = new CompiledFile(written({ definition })).imageOf(definition);
    const { hash, program } = compile(definition);
    if (typeof image === 'string') throw new Error(image);
    expect(image.hash).toBe(hash);
    expect(image.program.module.handlers).toEqual(program.module.handlers);
    expect(image.program.module.tables).toEqual(program.module.tables);
    expect(image.program.texts?.js).toBe(emitJavaScript(optimize(program.module)));
    const webAssembly = webAssemblyFromText(image.program.texts?.wasm ?? '');
    expect(webAssembly).toEqual(emitWebAssembly(optimize(program.module)));
    const mapped = emitJavaScript(optimize(program.module), { mapTo: compile(definition) });
    expect(emitJavaScript(optimize(image.program.module), { mapTo: image })).toBe(mapped);
  },
);

describe('the files that handlers were written in', () => {
  const { Counter } = counter;
  const content = JSON.parse(JSON.stringify(compileModule({ Counter }, (file) => basename(file))));
  const mapOf = (file: CompiledFile): string => {
    const image = file.imageOf(Counter);
    if (typeof image === 'string') throw new Error(image);
    return emitJavaScript(image.program.module, { mapTo: image });
  };
  const source = fileURLToPath(new URL('actors/counter.ts', import.meta.url));

  test('are found from where the compiled file is', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'compiled-'));
    await copyFile(source, join(folder, 'counter.ts'));
    await writeFile(join(folder, 'actors.json'), JSON.stringify(content));
    const file = await readCompiledFile(join(folder, 'actors.json'));
    const data = mapOf(file).split('base64,')[1] ?? '';
    const map = JSON.parse(Buffer.from(data, 'base64').toString('utf8'));
    expect(map.sources).toEqual([pathToFileURL(join(folder, 'counter.ts')).href]);
    expect(map.sourcesContent).toEqual([readFileSync(source, 'utf8')]);
    await rm(folder, { recursive: true });
  });

  test('are told for lines of WGSL, too', () => {
    const image = new CompiledFile(written({ Counter })).imageOf(Counter);
    if (typeof image === 'string') throw new Error(image);
    const lines = emitWgsl(image.program.module).split('\n');
    const places = lines.map((_, i) => {
      return placeOfLine(image, lines, i + 1, /^fn (?<kind>[hf])(?<index>\d+)_/u)?.at;
    });
    const told = places.filter((at) => at?.startsWith(source));
    expect(told.length).toBeGreaterThan(5);
  });

  test('are in no map where that is not known', () => {
    expect(content.actors[0].positions.files).toEqual(['counter.ts']);
    expect(mapOf(new CompiledFile(content))).not.toContain('sourceMappingURL');
  });
});

test('random modules come back as they were', () => {
  for (let seed = 1; seed <= 60; seed++) {
    const { name, state, messages, emits, ...body } = generateCase(seed).module;
    const text = JSON.stringify(body, (_, value) => encodeValue(value));
    expect(moduleBody(JSON.parse(text), 'module')).toEqual(body);
  }
});

/** The same actor at two times: before and after something it depends on has changed. */
interface Version {
  readonly step?: number;
  readonly table?: readonly number[];
  readonly helper?: (x: number) => number;
  readonly other?: AnyActor;
  readonly extra?: boolean;
}

function version({
  step = 3,
  table = [1, 2],
  helper = double,
  other = Peer,
  extra = false,
}: Version) {
  const limits = { step, unused: {} };
  return actor('Changing', {
    state: { n: u32, f: f32, peer: ref(() => other), ...(extra ? { more: u32 } : {}) },
    messages: { Go: { by: u32 } },
    on: {
      Go(ctx, m) {
        ctx.state.n += helper(m.by) * limits.step + (table[m.by % 2] as number);
        ctx.send(ctx.state.peer, 'Hear', { n: ctx.state.n });
      },
    },
  });
}

const factor = { of: 2 };
const double = (x: number): number => x * factor.of;
const Peer: AnyActor = actor('Peer', {
  state: {},
  messages: { Hear: { n: u32 } },
  on: { Hear() {} },
});
const WiderPeer: AnyActor = actor('Peer', {
  state: {},
  messages: { Hear: { n: u32, m: u32 } },
  on: { Hear() {} },
});

describe('a definition is compiled again when', () => {
  const before = new CompiledFile(written({ Changing: version({}) }));
  const why = (after: Version) => before.imageOf(version(after));

  test('nothing has changed: no', () => {
    expect(typeof why({})).toBe('object');
    expect(typeof why({ step: 3, table: [1, 2] })).toBe('object');
  });

  test('a captured number has', () => {
    expect(why({ step: 4 })).toBe('limits.step has changed');
  });

  test('a captured table has', () => {
    expect(why({ table: [1, 3] })).toBe('table has changed');
  });

  test('a helper has', () => {
    expect(why({ helper: (x) => x + 1 })).toBe('helper has changed');
  });

  test('a value that a helper uses has', () => {
    factor.of = 3;
    expect(why({})).toBe('factor.of has changed');
    factor.of = 2;
  });

  test('its schemas, or those of an actor it sends to, have', () => {
    expect(why({ extra: true })).toBe('its schemas have changed');
    expect(why({ other: WiderPeer })).toBe('its schemas have changed');
  });

  test('a value of uses has', () => {
    const make = (uses: object) =>
      actor('Using', {
        state: { n: u32 },
        messages: { Go: {} },
        uses: { ...uses },
        on: { Go: new Function('ctx', 'ctx.state.n += step') as () => void },
      });
    const file = new CompiledFile(written({ Using: make({ step: 1 }) }));
    expect(typeof file.imageOf(make({ step: 1, more: 2 }))).toBe('object');
    expect(file.imageOf(make({ step: 2 }))).toBe('step has changed');
  });
});

describe('a file', () => {
  test('of another format is refused', () => {
    for (const content of [null, 1, 'x', [], {}, { format: 'other' }]) {
      expect(() => new CompiledFile(content)).toThrow(CompiledFileError);
    }
  });

  /** Every place of the file with another value in it, one after the other. */
  function* edits(file: { actors: { module: unknown; texts: unknown; content: string }[] }) {
    const odd = [null, -1, 2 ** 40, 0.5, 'x', '5n', true, [], {}, 7];
    let count = 0;
    function* walk(value: unknown): Generator<string> {
      if (typeof value !== 'object' || value === null) return;
      const members = value as Record<string, unknown>;
      for (const [key, member] of Object.entries(members)) {
        const replacement = odd[count++ % odd.length];
        if (JSON.stringify(member) !== JSON.stringify(replacement)) {
          members[key] = replacement;
          yield `${key}: ${JSON.stringify(replacement)}`;
          members[key] = member;
        }
        yield* walk(member);
      }
    }
    for (const actor of file.actors) yield* walk(actor);
  }

  test('that was edited is refused, or is of other actors', () => {
    const content = written({ ...counter, ...stats, Built: built.Built }) as Parameters<
      typeof edits
    >[0];
    const images = () => {
      const file = new CompiledFile(content);
      return actors
        .map((definition) => file.imageOf(definition))
        .filter((i) => typeof i === 'object');
    };
    const whole = images().length;
    let tried = 0;
    for (const edit of edits(content)) {
      tried++;
      try {
        expect(images().length, edit).toBeLessThan(whole);
      } catch (error) {
        expect(error, edit).toBeInstanceOf(CompiledFileError);
      }
    }
    expect(tried).toBeGreaterThan(1000);
  });

  test('that somebody else has written is refused in the same way', () => {
    const content = written({ ...counter, Built: built.Built }) as Parameters<typeof edits>[0];
    for (const edit of edits(content)) {
      for (const actor of content.actors) actor.content = contentFingerprint(actor);
      try {
        const file = new CompiledFile(content);
        for (const definition of actors) file.imageOf(definition);
      } catch (error) {
        expect(error, edit).toBeInstanceOf(CompiledFileError);
      }
    }
  });

  test('needs actors whose names differ', () => {
    expect(() => compileModule({})).toThrow('exports actors');
    const twin = actor('Counter', { state: {}, messages: {}, on: {} });
    const other = actor('Counter', {
      state: { n: u64 },
      messages: { A: ask({}, { a: array(u32, 2) }) },
      on: { A() {} },
    });
    expect(() => compileModule({ twin, other })).toThrow('names differ');
  });
});
