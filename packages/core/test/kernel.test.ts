import {
  acceptsMessages,
  assertTransition,
  canTransition,
  deadLetterCode,
  deadLetterReasons,
  InvalidStateTransitionError,
  inputReasons,
  kernelOperations,
  kernelStateCode,
  kernelStates,
  priorityCode,
  statesAllowing,
} from '@ringkernel/core';
import { describe, expect, it } from 'vitest';

/** Rows: operations; columns: created launched active deactivated terminating terminated failed. */
const table: Readonly<Record<string, string>> = {
  launch: 'launched - - - - - -',
  activate: '- active - active - - -',
  deactivate: '- - deactivated - - - -',
  reactivate: '- - - active - - -',
  terminate: 'terminating terminating terminating terminating terminating terminated terminating',
  finish: '- - - - terminated - -',
  fail: '- failed failed failed failed - -',
};

describe('transitions of a kernel', () => {
  it('know every operation', () => {
    expect(Object.keys(table)).toEqual([...kernelOperations]);
  });

  for (const operation of kernelOperations) {
    const row = table[operation]?.split(' ') ?? [];
    it.each(kernelStates.map((state, i) => [state, row[i]] as const))(
      `${operation} from %s: %s`,
      (state, next) => {
        expect(canTransition(operation, state)).toBe(next !== '-');
        expect(statesAllowing(operation).includes(state)).toBe(next !== '-');
        if (next !== '-') {
          expect(assertTransition('k', operation, state)).toBe(next);
          return;
        }
        const attempt = () => assertTransition('k', operation, state);
        expect(attempt).toThrow(InvalidStateTransitionError);
        expect(attempt).toThrow(`Cannot ${operation} kernel 'k' from state '${state}'`);
      },
    );
  }

  it('take messages in before, while and between being active', () => {
    const open = kernelStates.filter((state) => acceptsMessages(state));
    expect(open).toEqual(['launched', 'active', 'deactivated']);
  });
});

describe('codes of the layout', () => {
  const camel = (name: string) => name.replace(/-(.)/g, (_, letter) => letter.toUpperCase());

  it('are the indices of the names', () => {
    expect(Object.entries(kernelStateCode)).toEqual(kernelStates.map((name, i) => [name, i]));
    expect(Object.entries(deadLetterCode)).toEqual(
      deadLetterReasons.map((name, i) => [camel(name), i]),
    );
    expect(Object.keys(priorityCode)).toEqual(['low', 'normal', 'high', 'critical']);
  });

  it('have all input reasons', () => {
    for (const reason of inputReasons) expect(deadLetterReasons).toContain(reason);
  });
});
