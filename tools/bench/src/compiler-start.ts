import { compile, emitJavaScript, optimize } from '@ringkernel/compiler';
import { handlerCases } from './compiler-actors.ts';

/** Prints how many milliseconds each actor took from its handlers to JavaScript, the process's first one first. */
const took = handlerCases.map(({ definition }) => {
  const start = performance.now();
  emitJavaScript(optimize(compile(definition).program.module));
  return performance.now() - start;
});
console.log(JSON.stringify(took));
