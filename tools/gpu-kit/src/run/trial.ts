import { type CudaTrialError, type ProgramOrigin, tryDevice } from '@ringkernel/backend-cuda';
import type { Outcome } from './report.ts';

/** Whether the device runs a kernel at all, and where its programs come from. */
export interface TrialOutcome {
  readonly outcome: Outcome;
  readonly origins: readonly ProgramOrigin[];
}

/** Sends one message to the device and back, before anything else is run. */
export async function tryFirst(simulated: boolean): Promise<TrialOutcome> {
  const start = performance.now();
  const done = (result: Outcome['result'], note: string): Outcome => {
    return { name: 'trial', result, seconds: (performance.now() - start) / 1_000, note, rows: [] };
  };
  try {
    const { deviceId, origins } = await tryDevice({ backendOptions: { simulated } });
    return { outcome: done('passed', `a message to ${deviceId} and back`), origins };
  } catch (thrown) {
    const { message, failure } = thrown as CudaTrialError;
    const reasons = failure?.reasons ?? [];
    return { outcome: done('failed', [message, ...reasons].join('; ')), origins: [] };
  }
}
