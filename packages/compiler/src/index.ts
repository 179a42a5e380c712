export { compileModule } from './aot/compile-module.ts';
export * from './back-end.ts';
export { checkActor, compile } from './compile.ts';
export { type StandaloneFunction, standaloneFunction } from './parse/standalone-function.ts';
