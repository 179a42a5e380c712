import type { RingKernelError } from '@ringkernel/core';
import type { SupervisionChange } from './events.ts';
import type { RestartKind } from './options.ts';

/** A kernel or a supervisor under supervision. */
export interface Child {
  readonly name: string;
  readonly restart: RestartKind;
  readonly running: boolean;
  start(): Promise<void>;
  /** Restarts what has failed of it, or all of it; launches it again when it has ended. */
  renew(instance?: number): Promise<void>;
  /** Whether that failure has not been put right meanwhile, by the restart of another child. */
  stillFailed(instance?: number): boolean;
  stop(timeoutMs: number): Promise<void>;
  checkpoint(): Promise<void>;
}

/** Whom a child tells what happens to it. */
export interface ChildWatcher {
  failed(child: Child, error: unknown, instance?: number): void;
  ended(child: Child): void;
  lost(error: RingKernelError): void;
  changed(child: Child, change: SupervisionChange): void;
}
