import type { KernelCode, KernelCounters, KernelState } from '@ringkernel/core';
import type { FlowMetrics } from './flow/flow.ts';

/** How it is with a kernel. */
export interface KernelStatus {
  readonly id: string;
  readonly state: KernelState;
  /** How many live. */
  readonly instances: number;
  /** Instances that handle nothing more. */
  readonly failedInstances: number;
  readonly pending: number;
  readonly outputQueueDepth: number;
  readonly handled: number;
  readonly uptimeMs: number;
}

/** What the device counts, and what the host does beside it. */
export interface KernelMetrics extends KernelCounters {
  readonly id: string;
  readonly state: KernelState;
  /** How many live, and how many there is room for. */
  readonly instances: number;
  readonly maxInstances: number;
  readonly queueCapacity: number;
  readonly outputQueueCapacity: number;
  /** Messages from the kernel that wait for `receive`. */
  readonly outputQueueDepth: number;
  /** Host senders that wait for room. They are not yet counted as sent. */
  readonly waitingSenders: number;
  readonly flow: FlowMetrics;
  /** Since the launch. */
  readonly uptimeMs: number;
  /** What the handlers run as and why, where the backend has a choice. */
  readonly code?: KernelCode;
}
