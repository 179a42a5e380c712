import type { IrFunction, Module, ValueType } from '../ir/types.ts';
import { identifier } from '../js/text.ts';
import {
  control,
  controlWords,
  recordKind,
  recordWords,
  stateWords,
  wgslWorkgroupSize,
} from './abi.ts';
import { FunctionText, type ModuleText } from './function-text.ts';
import { libraryText } from './library.ts';
import { f32Bits, literal, typeText, zero } from './literal.ts';
import { findType, TargetError } from './refusal.ts';
import { statementLines } from './statement.ts';

/**
 * The module as WGSL, one invocation for each instance (see abi.ts). The same module gives the same text, whatever
 * the number of instances is. Throws a TargetError (RK4001) for a module that computes with f64.
 */
export function emitWgsl(module: Module): string {
  const refused = findType(module, (type) => type === 'f64');
  if (refused !== null) throw new TargetError(module.name, 'WebGPU', refused.type, refused.where);
  const program: ModuleText = { module, library: new Set(), lanes: new Set() };
  const functions = module.functions.map((fn, i) =>
    functionText(program, fn, `f${i}_${identifier(fn.name)}`),
  );
  const names = module.messages.map(({ name }, i) => `h${i}_${identifier(name)}`);
  const handlers = module.handlers.map((fn, i) => functionText(program, fn, names[i] ?? `h${i}`));
  return [
    `// ${identifier(module.name)}: generated, one invocation for each instance.`,
    bindings,
    ...[...program.lanes].sort().map(lanesText),
    ...tablesText(module),
    engine,
    ...libraryText(program.library),
    ...functions,
    ...handlers,
    roundText(module, names),
  ].join('\n');
}

const bindings = `struct RkParams { instances: u32, base_address: u32, seed: u32, record_words: u32 }
@group(0) @binding(0) var<uniform> rk_params: RkParams;
@group(0) @binding(1) var<storage, read_write> rk_control: array<u32>;
@group(0) @binding(2) var<storage, read> rk_deliveries: array<u32>;
@group(0) @binding(3) var<storage, read> rk_messages: array<u32>;
@group(0) @binding(4) var<storage, read_write> rk_states: array<u32>;
@group(0) @binding(5) var<storage, read_write> rk_records: array<u32>;

// The instance, the words at which its state and its message's payload start, the delivery, and whether it faulted.
var<private> rk_self: u32;
var<private> rk_state: u32;
var<private> rk_message: u32;
var<private> rk_delivery: u32;
var<private> rk_faulted: bool;
`;

/** Records are written by every module. */
const engine = `fn rk_open(kind: u32, a: u32, b: u32, c: u32, words: u32) -> u32 {
  let at = rk_self * ${controlWords}u;
  let used = rk_control[at + ${control.used}u];
  if (words + ${recordWords}u > rk_params.record_words - used) {
    rk_control[at + ${control.overflow}u] = 1u;
    return 0xffffffffu;
  }
  rk_control[at + ${control.used}u] = used + words + ${recordWords}u;
  let record = rk_self * rk_params.record_words + used;
  rk_records[record] = kind;
  rk_records[record + 1u] = rk_delivery;
  rk_records[record + 2u] = a;
  rk_records[record + 3u] = b;
  rk_records[record + 4u] = c;
  for (var i = 0u; i < words; i++) { rk_records[record + ${recordWords}u + i] = 0u; }
  return record + ${recordWords}u;
}

fn rk_fault(site: u32, value: u32) {
  if (rk_faulted) { return; }
  rk_faulted = true;
  let record = rk_open(${recordKind.fault}u, site, value, 0u, 0u);
}
`;

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

function roundText(module: Module, names: readonly string[]): string {
  const cases = module.messages.map(({ id }, i) => `      case ${id >>> 0}u: { ${names[i]}(); }`);
  return `@compute @workgroup_size(${wgslWorkgroupSize})
fn rk_round(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= rk_params.instances) { return; }
  rk_self = id.x;
  rk_state = rk_self * ${stateWords(module.state)}u;
  let first = rk_control[rk_self * ${controlWords}u + ${control.first}u];
  let count = rk_control[rk_self * ${controlWords}u + ${control.count}u];
  for (var i = 0u; i < count; i++) {
    rk_delivery = i;
    rk_faulted = false;
    rk_message = rk_deliveries[first + i] + 16u;
    var handled = 1u;
    switch (rk_messages[rk_message - 15u]) {
${cases.join('\n')}
      default: { handled = 0u; }
    }
    let record = rk_open(${recordKind.handled}u, handled, 0u, 0u, 0u);
  }
}
`;
}
