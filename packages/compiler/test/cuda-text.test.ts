import { compile, cudaDeclarations, emitCuda, type Module } from '@ringkernel/compiler';
import { expect, it } from 'vitest';
import { Counter } from './actors/counter.ts';
import { Ring } from './actors/ring.ts';
import { Stats } from './actors/stats.ts';
import { Vector } from './actors/vector.ts';

function moduleOf(definition: Parameters<typeof compile>[0]): Module {
  return compile(definition).program.module;
}

const actors = [
  ['counter', Counter],
  ['ring', Ring],
  ['stats', Stats],
  ['vector', Vector],
] as const;

it.each(actors.slice(0, 2))('the CUDA C++ of %s is as it was', async (name, definition) => {
  const text = emitCuda(moduleOf(definition));
  expect(emitCuda(moduleOf(definition))).toBe(text);
  await expect(text).toMatchFileSnapshot(`golden/${name}.cu`);
});

it('the CUDA C++ of vector for a group of lanes is as it was', async () => {
  const text = emitCuda(moduleOf(Vector), { form: 'group' });
  expect(emitCuda(moduleOf(Vector), { form: 'group' })).toBe(text);
  await expect(text).toMatchFileSnapshot('golden/vector-group.cu');
});

it('puts a module into the namespace that is asked for', () => {
  const text = emitCuda(moduleOf(Counter), { namespace: 'first' });
  expect(text).toContain('namespace first {');
  expect(text).not.toContain('rk_Counter');
});

it.each(actors)('%s has nothing that reads past the memory model, and no headers', (_, actor) => {
  for (const form of ['thread', 'group'] as const) {
    const text = cudaDeclarations + emitCuda(moduleOf(actor), { form });
    expect(text.replaceAll('asm volatile(', '')).not.toMatch(
      /__ldg|__restrict__|\bvolatile\b|#include/u,
    );
  }
});
