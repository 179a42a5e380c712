import type { AnyNode, CallExpression } from 'acorn';
import { lowerArguments } from './arguments.ts';
import { calleeOf, casts } from './callee.ts';
import { lowerContextCall } from './context-member.ts';
import { lowerConversion } from './conversion.ts';
import type { FunctionContext } from './function-context.ts';
import { callHelper } from './helper.ts';
import { lowerBigInt, lowerMath } from './math-call.ts';
import type { Value } from './value.ts';

/** Lowers a call for its value. */
export function lowerCall(c: FunctionContext, node: CallExpression): Value {
  const callee = calleeOf(c, node.callee);
  switch (callee?.kind) {
    case 'word': {
      const [value] = lowerArguments(c, node, callee.word, 1) as [Value];
      return lowerConversion(c, callee.word, value, node);
    }
    case 'math':
      return lowerMath(c, callee.name, node);
    case 'bigint':
      return lowerBigInt(c, callee.name, node);
    case 'context':
      return lowerContextCall(c, callee.name, node);
    case 'helper':
    case 'inlined':
      return callHelper(c, callee, node);
    default:
      return refuse(c, node.callee);
  }
}

function refuse(c: FunctionContext, callee: AnyNode): never {
  if (c.isBroken(callee)) return c.skip();
  const name = c.textOf(callee);
  const instead = casts[name];
  if (instead !== undefined) c.fail(callee, 'RK3012', `'${name}' is not in the language`, instead);
  const hint = c.actor.capture.available
    ? 'call a plain function declared before the actor, a Math function or a method of ctx'
    : `the inspector is not available here: pass it in \`uses: { ${name} }\``;
  return c.fail(callee, 'RK3012', `'${name}' can't be called on the device`, hint);
}
