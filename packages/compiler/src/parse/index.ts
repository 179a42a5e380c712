export {
  type FunctionNode,
  type FunctionSource,
  isFunction,
  parseFunction,
  type UserFunction,
} from './function-source.ts';
export { childNodes, contains } from './tree.ts';
