export { lowerActor } from './actor.ts';
export type { Finding } from './actor-context.ts';
export type { OutsideRead } from './reads.ts';
