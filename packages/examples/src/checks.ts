import type { MessageCounts } from '@ringkernel/runtime';
import type { StreamResult } from './delays/run.ts';
import type { PageRankResult } from './pagerank/run.ts';

/** Ranks that differ by more than this are wrong: the fixed point has 48 binary places. */
const rankTolerance = 1e-9;

/** What the main job found out, and what the runtime counted meanwhile. */
export interface Results {
  readonly pagerank: PageRankResult;
  readonly stream: StreamResult;
  readonly counts: MessageCounts;
}

/** What is wrong with the results, in words; empty when all is well. */
export function complaints({ pagerank, stream, counts }: Results): string[] {
  const wrong = [...stream.disagreements];
  if (!(pagerank.maxAbsError <= rankTolerance)) {
    wrong.push(`ranks are off by ${pagerank.maxAbsError}`);
  }
  const { sent, handled, rejected, deadLettered, pending } = counts;
  const found = JSON.stringify(counts);
  if (sent !== handled + rejected + deadLettered + pending) {
    wrong.push(`the counters do not add up: ${found}`);
  }
  // A full mailbox refuses (`rejected`), and what it refused is sent again; all that was taken must be handled.
  if (deadLettered > 0 || pending > 0) wrong.push(`messages were not handled: ${found}`);
  return wrong;
}
