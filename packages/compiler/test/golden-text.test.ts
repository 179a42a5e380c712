import { compile, emitJavaScript, emitWebAssembly, optimize } from '@ringkernel/compiler';
import { expect, it } from 'vitest';
import { Ring } from './actors/ring.ts';
import { Stats } from './actors/stats.ts';
import { disassemble } from './disassemble.ts';

it.each([
  ['stats', Stats],
  ['ring', Ring],
])('the JavaScript and the WebAssembly of %s are as they were', async (name, definition) => {
  const module = optimize(compile(definition).program.module);
  const text = emitJavaScript(module);
  expect(emitJavaScript(optimize(compile(definition).program.module))).toBe(text);
  await expect(text).toMatchFileSnapshot(`golden/${name}.js.txt`);
  const { bytes } = emitWebAssembly(module);
  const functions = [...module.functions, ...module.handlers].map((fn) => fn.name);
  const [, ...own] = disassemble(bytes, ['random', ...functions, 'run']);
  await expect(own.join('\n')).toMatchFileSnapshot(`golden/${name}.wat`);
});
