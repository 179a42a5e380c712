export { lowerActor } from './actor.ts';
export type { Finding, Locate } from './actor-context.ts';
