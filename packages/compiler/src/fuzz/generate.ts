import { scalarsOf } from '../ir/leaves.ts';
import type { IrFunction, Module } from '../ir/types.ts';
import type { Delivery, Scenario } from './engine.ts';
import { expression } from './expressions.ts';
import { Scope } from './scope.ts';
import { type ModuleSketch, sketchOf } from './sketch.ts';
import { Source } from './source.ts';
import { statements } from './statements.ts';
import { writeRandom } from './values.ts';

export interface FuzzCase {
  readonly seed: number;
  readonly module: Module;
  readonly scenario: Scenario;
}

/** A random valid module, and messages of edge values for it. The same seed gives the same case. */
export function generateCase(seed: number, floats = true): FuzzCase {
  const source = new Source(seed);
  const sketch = sketchOf(source, floats);
  const functions: IrFunction[] = [];
  const count = source.below(4);
  for (let i = 0; i < count; i++) functions.push(functionOf(source, sketch, functions));
  const handlers = sketch.messages.map((_, i) => handlerOf(source, sketch, i, functions));
  const { floats: _, ...declared } = sketch;
  const module: Module = {
    name: `Fuzz${seed}`,
    ...declared,
    handlers,
    functions,
    requires: ['f64', 'parallel'],
  };
  return { seed, module, scenario: scenarioOf(source, module) };
}

function functionOf(
  source: Source,
  sketch: ModuleSketch,
  callable: readonly IrFunction[],
): IrFunction {
  const scope = new Scope(source, sketch, null, [...callable]);
  const parameters = Array.from({ length: source.below(4) }, () => {
    const parameter = scope.add(source.pick(scope.valueTypes), 'p');
    scope.visible.push(parameter);
    return parameter.id;
  });
  const result = source.pick(scope.valueTypes);
  const region = { kind: 'function', message: null, result, inLoop: false, depth: 1 } as const;
  const body = statements(scope, region, 1 + source.below(4));
  const value = expression(scope, result, 3);
  return {
    name: `helper${callable.length}`,
    parameters,
    result,
    locals: scope.locals,
    body: [...body, { kind: 'return', value }],
  };
}

function handlerOf(
  source: Source,
  sketch: ModuleSketch,
  message: number,
  functions: readonly IrFunction[],
): IrFunction {
  const scope = new Scope(source, sketch, message, functions);
  const region = { kind: 'handler', message, result: null, inLoop: false, depth: 2 } as const;
  const body = statements(scope, region, 3 + source.below(9));
  const name = sketch.messages[message]?.name ?? '';
  return { name, parameters: [], result: null, locals: scope.locals, body };
}

function scenarioOf(source: Source, module: Module): Scenario {
  const instances = 1 + source.below(5);
  const count = 8;
  return {
    instances,
    baseAddress: 64 * (1 + source.below(1000)),
    seed: source.u32(),
    messages: Array.from({ length: count }, () => delivery(source, module, instances)),
  };
}

function delivery(source: Source, module: Module, instances: number): Delivery {
  const { id, layout } = source.pick(module.messages);
  const bytes = new Uint8Array(64 + Math.ceil(layout.size / 64) * 64);
  const view = new DataView(bytes.buffer);
  for (let word = 0; word < 16; word++) view.setUint32(word * 4, source.u32(), true);
  // Now and then a type that the module does not have.
  view.setUint32(4, source.chance(3) ? 0 : id, true);
  view.setUint32(8, layout.size, true);
  view.setUint32(40, source.chance(90) ? source.below(4096) : source.u32(), true);
  for (const { offset, storage } of scalarsOf(layout)) {
    writeRandom(source, view, 64 + offset, storage);
  }
  return { instance: source.below(instances), bytes };
}
