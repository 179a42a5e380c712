import type { Module, ValueType } from '../ir/types.ts';
import { identifier } from '../text/identifier.ts';
import { stateWords, type WgslForm } from './abi.ts';
import { functionsByHand, type HandWritten, handlerByHand } from './by-hand.ts';
import { functionText } from './function.ts';
import type { ModuleText } from './function-text.ts';
import { libraryText } from './library.ts';
import { f32Bits, literal, typeText } from './literal.ts';
import { findType, TargetError } from './refusal.ts';
import { hasSection, workgroupHandler, workgroupHead } from './workgroup.ts';

/**
 * The program of a kernel as WGSL; abi.ts says what an engine adds. In the thread form one invocation runs an instance, in
 * the workgroup form 64 share the rounds of its sections. The same module gives the same text, whatever the number of
 * instances is. Handlers written by hand take the place of compiled ones, in the thread form. Throws a TargetError (RK4001)
 * for a module that computes with f64.
 */
export function emitWgsl(
  given: Module,
  form: WgslForm = 'thread',
  byHand: HandWritten = new Map(),
): string {
  const module = withoutHandlers(given, byHand);
  const refused = findType(module, (type) => type === 'f64');
  if (refused !== null) throw new TargetError(module.name, 'WebGPU', refused.type, refused.where);
  const program: ModuleText = {
    module,
    form,
    library: new Set(),
    lanes: new Set(),
    handed: new Set(),
  };
  const functions = module.functions.map((fn, i) =>
    functionText(program, fn, `f${i}_${identifier(fn.name)}`),
  );
  const names = module.messages.map(({ name }, i) => `h${i}_${identifier(name)}`);
  const together = module.handlers.map(({ body }) => form === 'workgroup' && hasSection(body));
  const handlers = module.handlers.map((fn, i) => {
    const [name = `h${i}`, body] = [names[i], byHand.get(i)];
    if (body !== undefined) return handlerByHand(name, fn.name, body);
    return (together[i] ? workgroupHandler : functionText)(program, fn, name);
  });
  const offered = functionsByHand(program, byHand);
  const calls = names.map((name, i) =>
    form === 'thread' || together[i] ? `${name}();` : `if (rk_lane == 0u) { ${name}(); }`,
  );
  const lanes = [...program.lanes].sort();
  const runs = form === 'thread' ? 'one invocation' : 'one workgroup';
  return [
    `// ${identifier(module.name)}: generated, ${runs} for each instance.`,
    `const rk_state_words = ${stateWords(module.state)}u;\n`,
    ...(form === 'thread'
      ? lanes.map(lanesText)
      : workgroupHead(lanes, [...program.handed].sort())),
    ...tablesText(module),
    ...libraryText(program.library, form),
    ...functions,
    ...offered,
    ...handlers,
    handleText(module, calls),
  ].join('\n');
}

/** What is written by hand is not compiled: it may be just what WGSL does not have. */
function withoutHandlers(module: Module, byHand: HandWritten): Module {
  if (byHand.size === 0) return module;
  const handlers = module.handlers.map((fn, i) =>
    byHand.has(i) ? { ...fn, locals: [], body: [] } : fn,
  );
  return { ...module, handlers };
}

function lanesText(type: ValueType): string {
  return `var<private> rk_lanes_${type}: array<${typeText(type)}, 64>;`;
}

/** Constant tables: a word for each value, or a pair. */
function tablesText(module: Module): string[] {
  return module.tables.flatMap(({ name, storage, values }, i) => {
    if (storage === 'f64') return [];
    const wide = storage === 'u64' || storage === 'i64';
    const list = values.map((value) => {
      if (wide) return literal('u64', value);
      if (storage === 'f32') return `${f32Bits(Number(value))}u`;
      return storage === 'bool' ? `${value ? 1 : 0}u` : `${Number(value) >>> 0}u`;
    });
    const type = `array<${wide ? 'vec2<u32>' : 'u32'}, ${values.length}>`;
    return [`const t${i}_${identifier(name)} = ${type}(${list.join(', ')});\n`];
  });
}

function handleText(module: Module, calls: readonly string[]): string {
  const cases = module.messages.map(({ id }, i) => `    case ${id >>> 0}u: { ${calls[i]} }`);
  return `fn rk_handle(kind: u32) -> bool {
  switch (kind) {
${cases.join('\n')}
    default: { return false; }
  }
  return true;
}
`;
}
