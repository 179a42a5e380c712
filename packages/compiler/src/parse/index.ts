export {
  type FunctionNode,
  type FunctionSource,
  isFunction,
  parseFunction,
  type UserFunction,
} from './function-source.ts';
export { contains, rootOf, stringOf } from './tree.ts';
