import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as core from '@ringkernel/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../../', import.meta.url));

function sources(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? sources(path) : [readFileSync(path, 'utf8')];
  });
}

/** The codes in the first column of the tables under the heading of a package. */
function documentedCodes(packageName: string): readonly string[] {
  const text = readFileSync(join(root, 'docs', 'errors.md'), 'utf8');
  const section = text.split(/^## /m).find((part) => part.startsWith(packageName)) ?? '';
  return [...section.matchAll(/^\| `(RK_\w+)` \|/gm)].map(([, code = '']) => code);
}

describe('docs/errors.md', () => {
  it('lists the codes of core, each once, and no other', () => {
    const text = sources(join(root, 'packages', 'core', 'src')).join('\n');
    const used = new Set([...text.matchAll(/'(RK_\w+)'/g)].map(([, code]) => code));
    expect([...documentedCodes('@ringkernel/core')].sort()).toEqual([...used].sort());
  });

  it.each(['backend-cpu', 'backend-cuda', 'backend-webgpu', 'runtime', 'compiler'])(
    'lists the codes of the errors of %s, each once, and none that is not there',
    (name) => {
      const text = sources(join(root, 'packages', name, 'src')).join('\n');
      const all = (pattern: RegExp): Set<string> =>
        new Set([...text.matchAll(pattern)].map(([, code = '']) => code));
      const documented = documentedCodes(`@ringkernel/${name}`);
      expect(new Set(documented).size).toBe(documented.length);
      expect(documented).toEqual(
        expect.arrayContaining([...all(/static readonly code = '(RK_\w+)'/g)]),
      );
      expect([...all(/'(RK_\w+)'/g)]).toEqual(expect.arrayContaining([...documented]));
    },
  );
});

interface ErrorClass {
  readonly code?: string;
}

const classes = (Object.values(core) as readonly unknown[]).filter(
  (value): value is ErrorClass =>
    typeof value === 'function' && value.prototype instanceof core.RingKernelError,
);

describe('error classes', () => {
  it('have codes of their own', () => {
    const codes = classes.map(({ code }) => code).filter((code) => code !== undefined);
    expect(codes.length).toBeGreaterThan(15);
    expect(new Set(codes).size).toBe(codes.length);
  });

  it('carry name, code, hint and cause', () => {
    const cause = new Error('underneath');
    const error = new core.TimeoutError('receive', 50, { cause, hint: 'wait longer' });
    expect(error).toBeInstanceOf(core.RingKernelError);
    expect(error).toMatchObject({ name: 'TimeoutError', code: 'RK_TIMEOUT', timeoutMs: 50, cause });
    expect(error.message).toBe('Timed out after 50 ms: receive (wait longer)');
  });

  it('suggest the kernel that was meant', () => {
    const error = new core.KernelNotFoundError('conters', ['counters', 'airports']);
    expect(error.message).toBe(
      "No kernel 'conters'; there are: counters, airports (is it 'counters'?)",
    );
    expect(new core.KernelNotFoundError('x', []).message).toContain('there are: none');
  });

  it('suggest the message that was meant', () => {
    const error = new core.UnknownMessageError('counters', 'add', ['Get', 'Add']);
    expect(error.message).toContain("is it 'Add'?");
    expect(new core.UnknownMessageError('counters', 'Multiply', ['Get']).message).not.toContain(
      'is it',
    );
  });

  it('say what was wanted and found', () => {
    const found = (value: unknown) =>
      new core.InvalidOptionError('workers', 'a count', value).message;
    expect(found('two')).toContain(`'workers' should be a count, found "two"`);
    expect(found([1, 2])).toContain('found an array of 2');
    expect(found(Object.create(null))).toContain('found an object');
    expect(found(Symbol('s'))).toContain('found Symbol(s)');
  });

  it('list why each backend was refused', () => {
    const error = new core.BackendUnavailableError('auto', [
      { backend: 'cuda', reason: 'no driver', hint: 'install it' },
      { backend: 'webgpu', reason: 'no adapter' },
    ]);
    expect(error.message).toBe(
      "No usable backend for 'auto': \n  cuda: no driver (install it)\n  webgpu: no adapter",
    );
  });

  it('keep what a host kernel threw', () => {
    expect(new core.HandlerError('io', 3, 'text')).toMatchObject({ cause: 'text', instance: 3 });
    expect(new core.HandlerError('io', 3, new RangeError('r')).message).toContain('RangeError: r');
  });
});

describe('nearest name', () => {
  it('finds a name with one letter changed', () => {
    const name = fc.stringMatching(/^[a-z]{4,12}$/);
    fc.assert(
      fc.property(name, fc.nat(), (text, at) => {
        const i = at % text.length;
        const typo = `${text.slice(0, i)}_${text.slice(i + 1)}`;
        expect(core.nearestName(typo, ['0000000000000000', text])).toBe(text);
      }),
    );
  });

  it('suggests nothing far away', () => {
    expect(core.nearestName('counter', ['zzzzzzz', 'airports'])).toBeUndefined();
    expect(core.nearestName('x', [])).toBeUndefined();
  });

  it('shortens long lists', () => {
    const names = Array.from({ length: 12 }, (_, i) => `k${i}`);
    expect(core.listNames(names)).toMatch(/^k0, .*k9 and 2 more$/);
  });
});
