import { checkActor } from '@ringkernel/compiler';
import { runActor } from '../run-actor.ts';
import { Built, Wrong } from './actors.ts';

/** What the actors do, and where their errors are: one line, the same however this program was built. */
export function report(): { readonly outcome: string; readonly errors: readonly string[] } {
  const deliveries = [1, 8, 2, 7, 100, 0].map((by, i) => ({
    type: 'Add',
    fields: { by, x: i * 0.75 },
  }));
  const outcome = runActor(Built, [...deliveries, { type: 'Get' }]);
  return {
    outcome: JSON.stringify(outcome, (_, v) => (typeof v === 'bigint' ? `${v}n` : v)),
    errors: checkActor(Wrong).map(
      ({ code, position: { file, line } }) => `${code} ${file?.split('/').at(-1)}:${line}`,
    ),
  };
}
