export { type FunctionNode, type FunctionSource, parseFunction } from './function-source.ts';
