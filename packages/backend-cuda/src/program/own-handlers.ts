import {
  type FieldLayout,
  type KernelImage,
  type MessageDescriptor,
  type OwnHandlers,
  ownHandlersOf,
  type ScalarName,
  type StructLayout,
} from '@ringkernel/core';

const scalarTypes: Readonly<Record<ScalarName, string>> = {
  bool: 'unsigned char',
  u8: 'unsigned char',
  u16: 'unsigned short',
  u32: 'rk_u32',
  u64: 'rk_u64',
  i8: 'signed char',
  i16: 'short',
  i32: 'int',
  i64: 'long long',
  f16: 'unsigned short',
  f32: 'float',
  f64: 'double',
};

/**
 * Puts the user's own CUDA C++ in the place of compiled handlers. `bodies` are by `Actor.Message`; those of other actors
 * are left alone. Throws `InvalidOptionError` for a message that the actor has not.
 */
export function withOwnHandlers(text: string, image: KernelImage, bodies: OwnHandlers): string {
  let result = text;
  for (const [index, body] of ownHandlersOf(image, bodies)) {
    result = replaced(result, index, ownBody(image, index, body));
  }
  return result;
}

/** The whole function is on lines of its own; what follows it keeps its line numbers. */
function replaced(text: string, index: number, lines: readonly string[]): string {
  const head = new RegExp(`^RK_DEV void h${index}_\\w+\\(RkTurn\\* rk\\) \\{\\n`, 'mu').exec(text);
  const start = head === null ? -1 : head.index + head[0].length;
  const end = text.indexOf('\n}\n', start - 1);
  if (start < 0 || end < 0) throw new Error(`the program has no handler ${index}`);
  const before = `${text.slice(0, start)}${lines.join('\n')}\n`;
  const next = before.split('\n').length + 1;
  return `${before}#line ${next} "program.cu"${text.slice(end)}`;
}

function ownBody(image: KernelImage, index: number, body: string): readonly string[] {
  const { name, layout, reply } = image.messages[index] as MessageDescriptor;
  const described = [
    ...image.messages.flatMap((one) => constants(one.name, one)),
    ...image.emits.flatMap((one) => constants(one.name, one)),
    ...(reply === undefined ? [] : constants('reply', reply)),
  ];
  return [
    ...image.state.fields.map((field) => reference('state', field, '')),
    ...layout.fields.map((field) => reference('message', field, 'const ')),
    ...described,
    `#line 1 "${image.name}.${name}"`,
    body,
  ];
}

/** `rk_u32& state_total = …;`; arrays are pointers to their first element, structs are bytes. */
function reference(part: 'state' | 'message', field: FieldLayout, constant: string): string {
  const { name, type, offset } = field;
  const at = `rk->${part} + ${offset}u`;
  const variable = `${part}_${name}`;
  if (type.kind === 'scalar' || type.kind === 'ref') {
    const scalar = type.kind === 'ref' ? 'rk_u32' : scalarTypes[type.name];
    return `  ${constant}${scalar}& ${variable} = *(${constant}${scalar}*)(${at});`;
  }
  const { element } = type.kind === 'array' ? type : { element: null };
  const item = element?.kind === 'scalar' ? scalarTypes[element.name] : 'unsigned char';
  return `  ${constant}${item}* ${variable} = (${constant}${item}*)(${at});`;
}

function constants(
  name: string,
  { id, layout }: { readonly id: number; readonly layout: StructLayout },
): readonly string[] {
  const fields = layout.fields.map((field) => [`at_${field.name}`, field.offset] as const);
  const all = [['type', id], ['size', layout.size], ...fields] as const;
  return all.map(([what, value]) => `  const rk_u32 ${name}_${what} = ${value >>> 0}u;`);
}
