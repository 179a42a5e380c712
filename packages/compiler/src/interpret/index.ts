export { interpretProgram } from './program.ts';
