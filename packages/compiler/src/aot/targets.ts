import { cudaNamespace, cudaTextKinds, cudaTextName, emitCuda } from '../cuda/index.ts';
import type { Module } from '../ir/types.ts';
import { emitJavaScript } from '../js/index.ts';
import { optimize } from '../optimize/index.ts';
import { emitWebAssembly, webAssemblyToText } from '../wasm/index.ts';
import { emitWgsl, TargetError } from '../wgsl/index.ts';

/** A language that modules are written in ahead of time. */
interface Target {
  /** The name that a backend looks for in `KernelImage.program.texts`. */
  readonly name: string;
  /** Throws `TargetError` for a module that the target can't run. */
  readonly emit: (module: Module) => string;
}

const targets: readonly Target[] = [
  { name: 'js', emit: (module) => emitJavaScript(optimize(module)) },
  { name: 'wasm', emit: (module) => webAssemblyToText(emitWebAssembly(optimize(module))) },
  { name: 'wgsl', emit: (module) => emitWgsl(optimize(module)) },
  ...cudaTextKinds.map((kind) => ({
    name: cudaTextName(kind),
    emit: (module: Module) => emitCuda(optimize(module), { ...kind, namespace: cudaNamespace }),
  })),
];

/** The module in every language that can say it. */
export function emitTexts(module: Module): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const { name, emit } of targets) {
    try {
      texts[name] = emit(module);
    } catch (error) {
      if (!(error instanceof TargetError)) throw error;
    }
  }
  return texts;
}
