import { describe, expect, test } from 'vitest';
import { check, missing } from './spin.ts';

if (missing !== undefined) console.log(`the model is not checked: ${missing} is not installed`);

const policies = ['WAIT', 'REJECT', 'DROP_OLDEST'];
/** Found by which kind of error, with how the checks are sized by default. */
const mistakes = [
  ['NO_SECOND_LOOK', 'invalid end state'],
  ['RING_BEFORE_PUBLISH', 'invalid end state'],
  ['OVERTAKE_SPILLED', 'assertion violated'],
  ['OVERTAKE_MAILBOX', 'assertion violated'],
  ['LOSE_WHEN_FULL', 'invalid end state'],
  ['FORGET_PARKED', 'invalid end state'],
  ['SPILL_TWICE', 'assertion violated'],
  ['NEVER_ADMIT', 'invalid end state'],
];
const minutes = 60_000;

describe.skipIf(missing !== undefined)('the protocol of mailboxes', () => {
  test.each(policies)(
    '%s: every message ends once, in order, and nobody is stuck',
    (policy) => {
      expect(check({ define: [`POLICY=${policy}`, 'EACH=2', 'HOST_EACH=2'] })).toBeNull();
    },
    5 * minutes,
  );

  test.each(policies)(
    '%s: everything ends at last',
    (policy) => {
      const define = [`POLICY=${policy}`, 'EACH=1', 'HOST_EACH=1'];
      expect(check({ define, liveness: true })).toBeNull();
    },
    5 * minutes,
  );

  test.each(mistakes)(
    'the check finds %s',
    (mistake, error) => {
      expect(check({ define: [`MUTANT=${mistake}`], soon: true })).toContain(error);
    },
    5 * minutes,
  );

  test(
    'the check of what ends at last finds NEVER_ADMIT, too',
    () => {
      const define = ['MUTANT=NEVER_ADMIT', 'EACH=2', 'HOST_EACH=1'];
      expect(check({ define, liveness: true, soon: true })).toContain('acceptance cycle');
    },
    5 * minutes,
  );
});
