import type { K2KSendOptions } from '../options.ts';
import { type DeliveryStatus, deliveryStatuses, type Hop, type Source } from '../receipt.ts';
import { K2KFrameError } from './errors.ts';
import { decodeValue, encodeValue } from './value.ts';

/** Grows with each change of the frames. */
export const linkVersion = 1;

/** Each end's first frame. */
export interface HelloFrame {
  readonly kind: 'hello';
  readonly version: number;
  readonly node: number;
}

/** A message on its way, with what it has behind it. */
export interface MessageFrame {
  readonly kind: 'message';
  /** Counts what this end has sent: the receipt says it again. */
  readonly sequence: number;
  readonly id: string;
  readonly source: Source;
  readonly tenant: string | undefined;
  readonly destination: string;
  readonly instance: number | undefined;
  readonly type: string;
  readonly payload: unknown;
  readonly options: K2KSendOptions & { readonly deliveryTimeoutMs: number };
  readonly maxHops: number;
  readonly callTimeoutMs: number | undefined;
  readonly hops: number;
  readonly trace: readonly Hop[];
}

/** What became of a message. */
export interface ReceiptFrame {
  readonly kind: 'receipt';
  readonly sequence: number;
  readonly status: DeliveryStatus;
  readonly hops: number;
  readonly trace: readonly Hop[];
  readonly messageId: bigint | undefined;
  readonly error: ErrorFrame | undefined;
  readonly reply: unknown;
}

export interface ErrorFrame {
  readonly code: string;
  readonly message: string;
  readonly hint: string | undefined;
}

export type Frame = HelloFrame | MessageFrame | ReceiptFrame;

/** Throws a `TypeError` when the payload is no plain value. */
export function encodeFrame(frame: Frame): Uint8Array {
  return encodeValue(frame);
}

type Check = (value: unknown) => boolean;

const text: Check = (value) => typeof value === 'string';
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);
const whole =
  (most: number): Check =>
  (value) =>
    Number.isInteger(value) && (value as number) >= 0 && (value as number) <= most;
const span: Check = (value) => typeof value === 'number' && value >= 0;
const shape =
  (fields: Readonly<Record<string, Check>>): Check =>
  (value) => {
    if (typeof value !== 'object' || value === null) return false;
    const given = value as Readonly<Record<string, unknown>>;
    const known = Object.keys(given).every((name) => Object.hasOwn(fields, name));
    return known && Object.entries(fields).every(([name, check]) => check(given[name]));
  };
const list =
  (check: Check, most: number): Check =>
  (value) =>
    Array.isArray(value) && value.length <= most && value.every(check);

const node = whole(0xffff);
const hops = whole(255);
const trace = list(
  shape({
    node,
    step: (value) => ['sent', 'forwarded', 'delivered', 'refused'].includes(value as string),
    atMs: span,
  }),
  258,
);
const sequence = whole(Number.MAX_SAFE_INTEGER);
const anything: Check = () => true;

const shapes: Readonly<Record<string, Check>> = {
  hello: shape({ kind: text, version: span, node }),
  message: shape({
    kind: text,
    sequence,
    id: text,
    source: shape({ node, kernelId: text, instance: whole(2 ** 24) }),
    tenant: optional(text),
    destination: text,
    instance: optional(whole(2 ** 24)),
    type: text,
    payload: anything,
    options: shape({
      priority: optional(text),
      deadlineMs: optional(span),
      deliveryTimeoutMs: span,
      dedupeId: optional((value) => typeof value === 'bigint' || text(value)),
    }),
    maxHops: hops,
    callTimeoutMs: optional(span),
    hops,
    trace,
  }),
  receipt: shape({
    kind: text,
    sequence,
    status: (value) => deliveryStatuses.includes(value as DeliveryStatus) && value !== 'Pending',
    hops,
    trace,
    messageId: optional((value) => typeof value === 'bigint'),
    error: optional(shape({ code: text, message: text, hint: optional(text) })),
    reply: anything,
  }),
};

/** Throws `K2KFrameError`. */
export function decodeFrame(bytes: Uint8Array): Frame {
  const value = decodeValue(bytes) as { readonly kind?: unknown } | null | undefined;
  const kind = String(value?.kind);
  const check = Object.hasOwn(shapes, kind) ? shapes[kind] : undefined;
  if (check === undefined) throw new K2KFrameError('a hello, message or receipt', `'${kind}'`);
  if (!check(value)) throw new K2KFrameError(`the fields of a ${kind}`, 'other ones');
  return value as Frame;
}
