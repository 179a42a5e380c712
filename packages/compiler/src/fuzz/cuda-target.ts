import { emitCuda } from '../cuda/index.ts';
import type { Module } from '../ir/types.ts';
import { stateWords } from '../wgsl/index.ts';
import { hostProgram } from './cuda-host.ts';
import { runScenario, type Scenario } from './engine.ts';
import { type HostCompiler, runProgram } from './host-compiler.ts';
import { type MemoryJob, type MemoryResult, memoryJob, recordRoom, replay } from './records.ts';
import type { FuzzTarget } from './targets.ts';
import { withoutTolerance } from './tolerance.ts';

/** Where a module's code is. */
interface Built {
  readonly path: string;
  readonly index: number;
}

type Emit = (module: Module, namespace: string) => string;

/** How many lanes serve an instance: a thread, a warp, a block. */
export const cudaTargets = { cuda: 1, 'cuda-warp': 32, 'cuda-block': 128 } as const;

/**
 * CUDA C++ that g++ compiled for the CPU. Compiling takes far longer than running, so modules that are known
 * beforehand are compiled together. Functions of class C are taken out: the C library rounds those its way.
 */
export function cudaTarget(
  compiler: HostCompiler,
  name: keyof typeof cudaTargets = 'cuda',
  emit: Emit = (module, namespace) =>
    emitCuda(module, { namespace, form: name === 'cuda' ? 'thread' : 'group' }),
): FuzzTarget {
  const lanes = cudaTargets[name];
  const built = new WeakMap<Module, Promise<Built>>();
  const adapted = new WeakMap<Module, Module>();
  const adapt = (module: Module): Module => {
    const known = adapted.get(module) ?? withoutTolerance(module);
    adapted.set(module, known);
    return known;
  };
  const build = (modules: readonly Module[]): void => {
    const texts = modules.map((module, i) => {
      const namespace = `program${i}`;
      const words = stateWords(module.state);
      return { namespace, text: emit(module, namespace), stateWords: words };
    });
    const path = compiler.compile(hostProgram(texts, lanes));
    modules.forEach((module, index) => {
      built.set(
        module,
        path.then((name) => ({ path: name, index })),
      );
    });
  };
  return {
    name,
    adapt,
    prepare: (modules) => build(modules.map(adapt)),
    async run(module, scenario) {
      if (!built.has(module)) build([module]);
      const { path, index } = (await built.get(module)) as Built;
      const input = inputOf(memoryJob(module, scenario), scenario);
      const result = resultOf(await runProgram(path, [String(index)], input), scenario);
      return runScenario(module, scenario, (env) => replay(module, scenario, result, env));
    },
  };
}

function inputOf(job: MemoryJob, scenario: Scenario): Uint8Array {
  const { control, deliveries, messages, states } = job;
  const params = Uint32Array.of(scenario.instances, scenario.baseAddress, scenario.seed);
  const blocks = [params, control, deliveries, messages, states];
  const words = blocks.flatMap((block) => [Uint32Array.of(block.length), block]);
  return Buffer.concat(words.map((block) => new Uint8Array(block.buffer)));
}

function resultOf(bytes: Uint8Array, { instances }: Scenario): MemoryResult {
  const words = new Uint32Array(bytes.slice().buffer);
  let at = 0;
  const block = (): Uint32Array => {
    const start = at + 1;
    at = start + (words[at] ?? 0);
    return words.subarray(start, at);
  };
  const [control, states] = [block(), block()];
  const records = new Uint32Array(instances * recordRoom);
  for (let i = 0; i < instances; i++) records.set(block(), i * recordRoom);
  return { control, states, records };
}
