import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cStructName, generate, placeLayout, sharedLayout, snake } from '@ringkernel/layout';
import { describe, expect, it } from 'vitest';

const { structs } = placeLayout(sharedLayout);
const header = generate(sharedLayout).get('packages/core/layout/ringkernel_layout.h') ?? '';

/** Every size and offset by the name of the struct and field. */
const expected = Object.fromEntries(
  structs.flatMap((struct) => [
    [cStructName(struct), struct.sizeBytes],
    ...struct.fields.map(({ name, offset }) => [`${cStructName(struct)}.${snake(name)}`, offset]),
  ]),
);

/** A program that prints what the compiler thinks of each of them. */
function program(): string {
  const lines = Object.keys(expected).map((key) => {
    const [type, member] = key.split('.');
    const value = member === undefined ? `sizeof(${type})` : `offsetof(${type}, ${member})`;
    return `printf("${key} %zu\\n", ${value});`;
  });
  const includes = '#include <stdio.h>\n#include "ringkernel_layout.h"';
  return `${includes}\nint main(void) {\n${lines.join('\n')}\nreturn 0; }\n`;
}

const compilers = [
  ['g++', ['-std=c++11', '-x', 'c++']],
  ['gcc', ['-std=c11', '-x', 'c']],
] as const;

describe('C header', () => {
  for (const [compiler, flags] of compilers) {
    const missing = spawnSync(compiler, ['--version']).error !== undefined;
    it(`has the described sizes and offsets under ${compiler}`, ({ skip }) => {
      if (missing) skip(`${compiler} is not installed`);
      const folder = mkdtempSync(join(tmpdir(), 'ringkernel-layout-'));
      try {
        writeFileSync(join(folder, 'ringkernel_layout.h'), header);
        writeFileSync(join(folder, 'main.txt'), program());
        const binary = join(folder, 'main');
        const args = [...flags, '-Wall', '-Werror', '-o', binary, join(folder, 'main.txt')];
        execFileSync(compiler, args, { stdio: 'pipe' });
        const lines = execFileSync(binary, { encoding: 'utf8' }).trim().split('\n');
        const found = lines.map((line) => line.split(' ')).map(([key, n]) => [key, Number(n)]);
        expect(Object.fromEntries(found)).toEqual(expected);
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  }

  const missing = spawnSync('g++', ['--version']).error !== undefined;
  it('needs no other header where NVRTC compiles it', ({ skip }) => {
    if (missing) skip('g++ is not installed');
    const args = [
      '-nostdinc',
      '-D__CUDACC_RTC__',
      '-fsyntax-only',
      '-Wall',
      '-Werror',
      '-x',
      'c++',
    ];
    const { status, stderr } = spawnSync('g++', [...args, '-'], {
      input: header,
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    expect(status).toBe(0);
  });
});
