import { RingKernelError } from '../errors.ts';

/** A definition that `actor` or `hostActor` refuses. */
export class DefinitionError extends RingKernelError {}
