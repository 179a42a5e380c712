import { standaloneFunction } from '@ringkernel/compiler';
import type { AnyHostActor, HostProgram } from '@ringkernel/core';
import { HostProgramError } from './errors.ts';
import { hostGlobals } from './host-globals.ts';

type Loop = (...args: never[]) => unknown;

/** What a worker runs for a host-only actor. Throws `HostProgramError`. */
export function hostProgram({ name, spec }: AnyHostActor): HostProgram {
  if (spec.run !== undefined) return { kind: 'host', source: sourceOf(name, spec.run as Loop) };
  return { kind: 'host', moduleUrl: moduleUrlOf(name, spec.module), exportName: spec.export };
}

/** A worker has no file that a relative specifier could count from, so only whole URLs are taken. */
function moduleUrlOf(name: string, module: string | URL): string {
  const text = String(module);
  // A scheme of one letter is a Windows drive.
  if (URL.canParse(text) && !/^[a-z]:/i.test(text)) return text;
  throw new HostProgramError(name, [], `wanted the URL of a module, found '${text}'`, {
    hint: "new URL('./loop.js', import.meta.url)",
  });
}

const ownModule = 'move the loop to a module of its own and give `module` and `export`';

/** The text of the loop: an expression that needs nothing but what every worker has. */
function sourceOf(name: string, run: Loop): string {
  const standalone = standaloneFunction(run);
  if (typeof standalone === 'string') {
    const problem = `wanted a function with a text of its own, found that ${standalone}`;
    throw new HostProgramError(name, [], problem, { hint: ownModule });
  }
  const { text, free } = standalone;
  const added = Object.keys(buildHelpers).filter((helper) => free.includes(helper));
  const captured = free.filter((used) => !hostGlobals.has(used) && !added.includes(used));
  if (captured.length > 0) {
    const names = captured.map((used) => (isViteImport(used) ? `${used} (an import)` : used));
    const problem = `wanted a loop that stands alone, found that it uses ${names.join(', ')}`;
    throw new HostProgramError(name, captured, problem, {
      hint: `use \`await import(…)\` inside it, or ${ownModule}`,
    });
  }
  if (added.length === 0) return text;
  const values = added.map((helper) => buildHelpers[helper]);
  return `((${added.join(', ')}) => (${text}))(${values.join(', ')})`;
}

/** What build tools call in the text of a function: esbuild, to name functions; vite, to import. */
const buildHelpers: Readonly<Record<string, string>> = {
  __name: '(fn) => fn',
  __vite_ssr_dynamic_import__: '(specifier) => import(specifier)',
};

/** What vite makes of the name of an import. */
function isViteImport(name: string): boolean {
  return /^__vi(te_ssr)?_import_/.test(name);
}
