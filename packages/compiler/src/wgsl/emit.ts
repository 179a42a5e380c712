import type { IrFunction, Module, ValueType } from '../ir/types.ts';
import { identifier } from '../js/text.ts';
import { stateWords, type WgslForm } from './abi.ts';
import { FunctionText, type ModuleText } from './function-text.ts';
import { libraryText } from './library.ts';
import { f32Bits, literal, typeText, zero } from './literal.ts';
import { findType, TargetError } from './refusal.ts';
import { statementLines } from './statement.ts';
import { hasSection, workgroupHandler, workgroupHead } from './workgroup.ts';

/**
 * The program of a kernel as WGSL; abi.ts says what an engine adds. In the thread form one invocation runs an instance, in
 * the workgroup form 64 share the rounds of its sections. The same module gives the same text, whatever the number of
 * instances is. Throws a TargetError (RK4001) for a module that computes with f64.
 */
export function emitWgsl(module: Module, form: WgslForm = 'thread'): string {
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
  const handlers = module.handlers.map((fn, i) =>
    (together[i] ? workgroupHandler : functionText)(program, fn, names[i] ?? `h${i}`),
  );
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
    ...handlers,
    handleText(module, calls),
  ].join('\n');
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

function functionText(program: ModuleText, fn: IrFunction, name: string): string {
  const text = new FunctionText(program, fn);
  const body = text.block(() => statementLines(text, fn.body));
  const parameters = fn.parameters.map((id) => `p${id}: ${typeText(text.typeOfLocal(id))}`);
  const result = fn.result === null ? '' : ` -> ${typeText(fn.result)}`;
  const end =
    fn.result === null || fn.body.at(-1)?.kind === 'return' ? [] : [`  return ${zero(fn.result)};`];
  const preamble = text.preamble().map((line) => `  ${line}`);
  return [
    `fn ${name}(${parameters.join(', ')})${result} {`,
    ...preamble,
    ...body,
    ...end,
    '}',
    '',
  ].join('\n');
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
