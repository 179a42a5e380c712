import type { FailurePolicy, FullPolicy } from '@ringkernel/core';
import type { FlowSettings } from './flow/flow.ts';

/** What a launch was told, complete. */
export interface KernelSettings {
  readonly id: string;
  /** How many there is room for. */
  readonly instances: number;
  /** How many of them live at launch. */
  readonly living: number;
  readonly baseAddress: number;
  readonly queueCapacity: number;
  readonly outputQueueCapacity: number;
  readonly onFull: FullPolicy;
  readonly onFailure: FailurePolicy;
  readonly rollback: boolean;
  readonly dedicated: boolean;
  readonly tags: readonly string[];
  readonly flow: FlowSettings;
  readonly tenant: string | undefined;
  readonly engagement: string | undefined;
  /** What the device knows the tenant by; 0: none. */
  readonly tenantNumber: number;
}
