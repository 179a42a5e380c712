import { InvalidStateTransitionError } from '../errors/kernel.ts';
import type { KernelState } from './state.ts';

/** What can be done to a kernel; `finish` is the end of what `terminate` began. */
export const kernelOperations = [
  'launch',
  'activate',
  'deactivate',
  'reactivate',
  'terminate',
  'finish',
  'fail',
] as const;

export type KernelOperation = (typeof kernelOperations)[number];

/**
 * The state each operation leads to, from the states in which it means something. `terminate` may be said again,
 * so that several callers can end a kernel; nothing else may. A failed kernel can only be ended: the runtime
 * recovers it by launching it again.
 */
const transitions: Readonly<
  Record<KernelOperation, Readonly<Partial<Record<KernelState, KernelState>>>>
> = {
  launch: { created: 'launched' },
  activate: { launched: 'active', deactivated: 'active' },
  deactivate: { active: 'deactivated' },
  reactivate: { deactivated: 'active' },
  terminate: {
    created: 'terminating',
    launched: 'terminating',
    active: 'terminating',
    deactivated: 'terminating',
    terminating: 'terminating',
    terminated: 'terminated',
    failed: 'terminating',
  },
  finish: { terminating: 'terminated' },
  fail: {
    launched: 'failed',
    active: 'failed',
    deactivated: 'failed',
    terminating: 'failed',
  },
};

/** The states from which an operation is possible. */
export function statesAllowing(operation: KernelOperation): readonly KernelState[] {
  return Object.keys(transitions[operation]) as KernelState[];
}

export function canTransition(operation: KernelOperation, state: KernelState): boolean {
  return transitions[operation][state] !== undefined;
}

/** The state after the operation; throws `InvalidStateTransitionError` when it is not possible. */
export function assertTransition(
  kernelId: string,
  operation: KernelOperation,
  state: KernelState,
): KernelState {
  const next = transitions[operation][state];
  if (next === undefined) {
    throw new InvalidStateTransitionError(kernelId, operation, state, statesAllowing(operation));
  }
  return next;
}

/** Whether a kernel takes messages in: they wait until it is active. */
export function acceptsMessages(state: KernelState): boolean {
  return state === 'launched' || state === 'active' || state === 'deactivated';
}
