import type { Module } from '../ir/types.ts';
import { emitWgsl, findType, type WgslForm } from '../wgsl/index.ts';
import type { Dawn } from './dawn.ts';
import type { DawnJob } from './dawn-child.ts';
import { runScenario, type Scenario } from './engine.ts';
import { memoryJob, recordRoom, replay } from './records.ts';
import type { FuzzTarget } from './targets.ts';
import { withEngine } from './wgsl-engine.ts';

/**
 * WGSL on Dawn. Modules with floats are refused: WGSL lets a driver round and flush them in its own way, so that
 * they can't be compared bit for bit.
 */
export function wgslTarget(
  dawn: Dawn,
  form: WgslForm = 'thread',
  emit: (module: Module, form: WgslForm) => string = emitWgsl,
): FuzzTarget {
  return {
    name: form === 'thread' ? 'wgsl' : 'wgsl-workgroup',
    async run(module, scenario) {
      if (findType(module, (type) => type === 'f32' || type === 'f64') !== null) return null;
      const result = await dawn.run(jobOf(module, scenario, emit(module, form), form));
      return runScenario(module, scenario, (env) => replay(module, scenario, result, env));
    },
  };
}

export function jobOf(
  module: Module,
  scenario: Scenario,
  program: string,
  form: WgslForm,
): DawnJob {
  const { instances, baseAddress, seed } = scenario;
  const { control, deliveries, messages, states } = memoryJob(module, scenario);
  const records = messages.length;
  return {
    code: withEngine(program, form),
    workgroups: form === 'thread' ? Math.ceil(instances / 64) : instances,
    params: Uint32Array.of(instances, baseAddress, seed, records, recordRoom, 0, 0, 0),
    control,
    deliveries,
    memory: Uint32Array.from([...messages, ...new Uint32Array(instances * recordRoom)]),
    states,
    records,
  };
}
