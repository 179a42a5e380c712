import {
  buildProgram,
  type Expression,
  emitJavaScript,
  interpretProgram,
  type Module,
  optimize,
  type Place,
  type Program,
  type ProgramEnv,
  type ValueType,
} from '@ringkernel/compiler';
import { bool, f32, f64, i32, i64, layoutOf, type ScalarName, u32, u64 } from '@ringkernel/core';

export type Value = number | bigint | boolean;

const words = { bool, i32, u32, f32, f64, i64, u64 };
const inputType = 1;
const outputType = 0xfffffff0;

/** Makes the expression from its operands, which are fields of a message or constants. */
export type Operation = (...operands: Expression[]) => Expression;

/**
 * What an operation gives for the operands in the interpreter, as JavaScript and optimised, with the operands read
 * from a message and as constants: one result for each way.
 */
export function resultsOf(
  operandTypes: readonly ValueType[],
  operation: Operation,
  operands: readonly Value[],
): Record<string, Value> {
  const layout = layoutOf(
    Object.fromEntries(operandTypes.map((type, i) => [`a${i}`, words[type]])),
  );
  const loads = layout.fields.map(
    ({ name, offset }, i): Expression => ({
      kind: 'load',
      type: operandTypes[i] ?? 'i32',
      place: {
        base: 'message',
        path: [name],
        storage: (operandTypes[i] ?? 'i32') as Place['storage'],
        offset,
        indices: [],
      },
    }),
  );
  const constants = operands.map(
    (value, i): Expression => ({ kind: 'const', type: operandTypes[i] ?? 'i32', value }),
  );
  const loaded = moduleOf(layout, operation(...loads));
  const constant = moduleOf(layout, operation(...constants));
  const message = { layout, operands };
  const js = (module: Module) => buildProgram(emitJavaScript(module));
  return {
    'interpreted, loaded': run(loaded, interpretProgram(loaded), message),
    'interpreted, constant': run(constant, interpretProgram(constant), message),
    'JavaScript, loaded': run(loaded, js(loaded), message),
    'JavaScript, constant': run(constant, js(constant), message),
    'optimised, loaded': run(loaded, js(optimize(loaded)), message),
    'optimised, constant': run(constant, js(optimize(constant)), message),
  };
}

type Layout = Module['state'];

function moduleOf(layout: Layout, value: Expression): Module {
  const result = layoutOf({ result: words[value.type] });
  return {
    name: 'Operation',
    state: layoutOf({}),
    messages: [{ name: 'Go', id: inputType, layout }],
    emits: [{ name: 'Result', id: outputType, layout: result }],
    handlers: [
      {
        name: 'Go',
        parameters: [],
        result: null,
        locals: [],
        body: [
          {
            kind: 'emit',
            message: outputType,
            size: result.size,
            payload: [{ kind: 'scalar', offset: 0, storage: value.type, value }],
          },
        ],
      },
    ],
    functions: [],
    tables: [],
    sites: [{ code: '', at: '' }],
    requires: [],
  };
}

function run(
  module: Module,
  build: (env: ProgramEnv) => Program,
  message: { readonly layout: Layout; readonly operands: readonly Value[] },
): Value {
  const arena = new ArrayBuffer(1024);
  const view = new DataView(arena);
  view.setUint32(4, inputType, true);
  message.layout.fields.forEach(({ type, offset }, i) => {
    if (type.kind === 'scalar') write(view, 64 + offset, type.name, message.operands[i] ?? 0);
  });
  let type: ScalarName = 'i32';
  const program = build({
    arena,
    memory: new ArrayBuffer(64),
    stateOffset: 0,
    stateStride: 8,
    drawsIndex: 8,
    drawsStride: 1,
    baseAddress: 64,
    instances: 4,
    seed: 0,
    send: () => 512,
    reply: () => 512,
    emit: () => 512,
    fault: () => undefined,
  });
  program.run(0, 0);
  const field = module.emits[0]?.layout.fields[0]?.type;
  if (field?.kind === 'scalar') type = field.name;
  return read(view, 512, type);
}

function write(view: DataView, at: number, type: ScalarName, value: Value): void {
  if (type === 'bool') view.setUint8(at, Number(value));
  else if (type === 'f32') view.setFloat32(at, Number(value), true);
  else if (type === 'f64') view.setFloat64(at, Number(value), true);
  else if (type === 'i64' || type === 'u64') view.setBigUint64(at, BigInt(value), true);
  else view.setUint32(at, Number(value), true);
}

function read(view: DataView, at: number, type: ScalarName): Value {
  if (type === 'bool') return view.getUint8(at) === 1;
  if (type === 'f32') return view.getFloat32(at, true);
  if (type === 'f64') return view.getFloat64(at, true);
  if (type === 'i64') return view.getBigInt64(at, true);
  if (type === 'u64') return view.getBigUint64(at, true);
  return type === 'u32' ? view.getUint32(at, true) : view.getInt32(at, true);
}
