import { type FailurePolicy, type FullPolicy, InvalidOptionError } from '@ringkernel/core';
import type { FlowSettings } from './flow/flow.ts';
import { checkDedupe, checkEntrance, checkWaterMarks, createLimiter } from './flow/options.ts';
import type { KernelSettings } from './kernel-settings.ts';
import {
  checkInteger,
  checkNames,
  checkOneOf,
  type LaunchOptions,
  launchOptionNames,
} from './options.ts';
import { checkTags } from './registry/registry.ts';

const mostInstances = 2 ** 24;
const maxCapacity = 2 ** 24;
const policies: readonly FullPolicy[] = ['wait', 'reject', 'drop-oldest'];
const failurePolicies: readonly FailurePolicy[] = ['dead-letter', 'wait'];

/** All that a launch says, checked; the runtime adds the address. */
export interface LaunchSettings extends Omit<KernelSettings, 'baseAddress' | 'tenantNumber'> {
  readonly autoActivate: boolean;
}

/** Throws `InvalidOptionError`. */
export function launchSettings(name: string, options: LaunchOptions): LaunchSettings {
  checkNames(options, launchOptionNames, 'options');
  const { id = name, autoActivate = true, onFailure = 'dead-letter' } = options;
  if (typeof id !== 'string' || id === '') throw new InvalidOptionError('id', 'a text', id);
  const onFull = checkOneOf('onFull', options.onFull ?? 'wait', policies);
  const capacity = (key: 'queueCapacity' | 'outputQueueCapacity') =>
    checkInteger(key, options[key] ?? 1024, 1, maxCapacity);
  const room = roomFor(options);
  const queueCapacity = capacity('queueCapacity');
  return {
    id,
    ...room,
    autoActivate: checkBoolean('autoActivate', autoActivate),
    tags: checkTags(options.tags ?? []),
    queueCapacity,
    outputQueueCapacity: capacity('outputQueueCapacity'),
    onFull,
    onFailure: checkOneOf('onFailure', onFailure, failurePolicies),
    rollback: checkBoolean('rollback', options.rollback ?? false),
    dedicated: checkBoolean('dedicated', options.dedicated ?? false),
    tenant: checkText('tenant', options.tenant),
    engagement: checkText('engagement', options.engagement),
    flow: flowSettings(id, options, onFull, room.instances * queueCapacity),
  };
}

/** Nobody has to live at launch when others may come later. */
function roomFor({ instances = 1, maxInstances }: LaunchOptions): {
  readonly instances: number;
  readonly living: number;
} {
  const least = maxInstances === undefined ? 1 : 0;
  const living = checkInteger('instances', instances, least, mostInstances);
  const room = maxInstances ?? living;
  return {
    instances: checkInteger('maxInstances', room, Math.max(1, living), mostInstances),
    living,
  };
}

function checkBoolean(option: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw new InvalidOptionError(option, 'true or false', value);
}

function checkText(option: string, text: unknown): string | undefined {
  if (text === undefined || (typeof text === 'string' && text !== '')) return text;
  throw new InvalidOptionError(option, 'a text', text);
}

/** `room` is what all mailboxes hold together. */
function flowSettings(
  id: string,
  { entrance, dedupe }: LaunchOptions,
  onFull: FullPolicy,
  room: number,
): FlowSettings {
  const { rateLimit, waterMarks } = checkEntrance(entrance ?? {});
  const subject = `kernel '${id}'`;
  return {
    counted: false,
    limits: rateLimit === undefined ? [] : [{ subject, limiter: createLimiter(rateLimit) }],
    waterMarks: waterMarks && checkWaterMarks(waterMarks, onFull, room),
    dedupe: checkDedupe(dedupe ?? {}),
  };
}
