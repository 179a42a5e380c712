import { compile, emitWgsl, type Module, TargetError } from '@ringkernel/compiler';
import { actor, f64 } from '@ringkernel/core';
import { expect, it } from 'vitest';
import { Counter } from './actors/counter.ts';
import { Ring } from './actors/ring.ts';
import { Vector } from './actors/vector.ts';

function moduleOf(definition: Parameters<typeof compile>[0]): Module {
  const { program } = compile(definition);
  if (program.kind !== 'ir') throw new Error('the image has no module');
  return program.module;
}

it.each([
  ['counter', Counter],
  ['ring', Ring],
])('the WGSL of %s is as it was', async (name, definition) => {
  const text = emitWgsl(moduleOf(definition));
  expect(emitWgsl(moduleOf(definition))).toBe(text);
  await expect(text).toMatchFileSnapshot(`golden/${name}.wgsl`);
});

it('the WGSL of vector for workgroups is as it was', async () => {
  const text = emitWgsl(moduleOf(Vector), 'workgroup');
  await expect(text).toMatchFileSnapshot('golden/vector-workgroup.wgsl');
});

it('refuses f64', () => {
  const Precise = actor('Precise', {
    state: { total: f64 },
    messages: { Add: { by: f64 } },
    on: {
      Add(ctx, m) {
        ctx.state.total += m.by;
      },
    },
  });
  expect(() => emitWgsl(moduleOf(Precise))).toThrow(TargetError);
  expect(() => emitWgsl(moduleOf(Precise))).toThrow(/Precise needs f64, which WebGPU does not/u);
});
