import type { AnyNode, ForStatement, Identifier, Pattern } from 'acorn';
import { lowerDeclaration } from './declaration.ts';
import type { FunctionContext } from './function-context.ts';
import { lowerFor } from './loop.ts';

type ForOf = AnyNode & { type: 'ForOfStatement' };

/** Names that no program can have. */
const list = 'of list';
const counter = 'of index';

/**
 * `for (const x of xs) body` becomes what the user would write without it:
 * `const list = xs; for (let i = 0; i < list.length; i++) { const x = list[i]; body }`.
 */
export function lowerForOf(c: FunctionContext, node: ForOf): void {
  const { left, right, body } = node;
  if (node.await) c.fail(node, 'RK1002', 'a handler runs to completion and cannot wait');
  const [declarator] = left.type === 'VariableDeclaration' ? left.declarations : [];
  if (left.type !== 'VariableDeclaration' || declarator === undefined) {
    c.fail(left, 'RK3001', "'for … of' declares its variable", 'for (const x of xs)');
  }
  const at = { start: right.start, end: right.end };
  const name = (text: string): Identifier => ({ type: 'Identifier', name: text, ...at });
  const declare = (kind: 'const' | 'let' | 'var', id: Pattern, init: AnyNode): AnyNode =>
    ({
      type: 'VariableDeclaration',
      kind,
      declarations: [{ type: 'VariableDeclarator', id, init, ...at }],
      ...at,
    }) as AnyNode;
  const member = (property: Identifier, computed: boolean): AnyNode =>
    ({ type: 'MemberExpression', object: name(list), property, computed, ...at }) as AnyNode;
  const { kind } = left;
  const loop = {
    type: 'ForStatement',
    init: declare('let', name(counter), { type: 'Literal', value: 0, raw: '0', ...at } as AnyNode),
    test: {
      type: 'BinaryExpression',
      operator: '<',
      left: name(counter),
      right: member(name('length'), false),
      ...at,
    },
    update: {
      type: 'UpdateExpression',
      operator: '++',
      prefix: false,
      argument: name(counter),
      ...at,
    },
    body: {
      type: 'BlockStatement',
      body: [
        declare(kind as 'const' | 'let' | 'var', declarator.id, member(name(counter), true)),
        body,
      ],
      ...at,
    },
    start: node.start,
    end: node.end,
  } as unknown as ForStatement;
  c.scoped(() => {
    lowerDeclaration(c, declare('const', name(list), right) as never);
    requireArray(c, right);
    lowerFor(c, loop);
  });
}

function requireArray(c: FunctionContext, right: AnyNode): void {
  const binding = c.lookup(list);
  const ok =
    binding?.kind === 'path'
      ? binding.path.type.kind === 'array'
      : binding?.kind === 'outside' &&
        (Array.isArray(binding.value) || ArrayBuffer.isView(binding.value));
  if (ok) return;
  const hint = 'an array of the state, of the message, or from outside';
  c.fail(right, 'RK3006', `'${c.textOf(right)}' is not an array`, hint);
}
