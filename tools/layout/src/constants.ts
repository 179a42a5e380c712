import type { ConstantGroup } from './description.ts';

/** Sub-buckets per power of two in the latency histogram, as a power of two: 16, an error of at most 1/32. */
const latencySubBits = 4;

const limits: ConstantGroup = {
  name: 'layoutLimit',
  doc: 'Sizes that both sides rely on.',
  values: [
    ['lineBytes', 64, 'Words of different writers are at least this far apart.'],
    ['slotBytes', 64, 'Messages begin at multiples of this and are rounded up to it.'],
    ['inlinePayloadBytes', 65_536, 'The largest payload that travels behind its header.'],
    ['queueCapacity', 2 ** 30, 'Largest capacity; the 32-bit indices wrap.'],
    ['latencySubBits', latencySubBits, '2^n sub-buckets for each power of two of the latency.'],
    ['latencyBuckets', (32 - latencySubBits + 1) << latencySubBits, 'Covers every u32.'],
  ],
};

const messageFlags: ConstantGroup = {
  name: 'messageFlag',
  doc: 'Bits of the flags of a message header.',
  values: [
    ['replyWanted', 1, 'The sender takes a reply.'],
    ['reply', 2, 'This is a reply; the correlation id says to what.'],
    ['traced', 4, 'A trace context follows the payload.'],
    ['checksum', 8, 'The checksum word is valid.'],
    ['externalPayload', 16, 'The payload is a reference into a shared buffer.'],
    ['deadLetter', 32, 'An undeliverable message on its way to the host.'],
    ['fault', 64, 'A report that an instance failed.'],
    ['skipRecord', 128, 'No message: the rest of the ring before it starts over.'],
    ['qosMask', 768, 'Two bits of quality of service, a value of qosCode.'],
    ['qosShift', 8, 'Where the quality of service begins.'],
  ],
};

const codes: readonly ConstantGroup[] = [
  {
    name: 'qosCode',
    doc: 'Quality of service, as MQTT numbers it.',
    values: [
      ['atMostOnce', 0, ''],
      ['atLeastOnce', 1, ''],
      ['exactlyOnce', 2, ''],
    ],
  },
  {
    name: 'priorityCode',
    doc: 'Priorities; a higher one is delivered first.',
    values: [
      ['low', 0, ''],
      ['normal', 1, ''],
      ['high', 2, ''],
      ['critical', 3, ''],
    ],
  },
  {
    name: 'deadLetterCode',
    doc: 'Why a message was not delivered or handled: the index in `deadLetterReasons`.',
    values: [
      ['none', 0, ''],
      ['queueFull', 1, ''],
      ['notFound', 2, ''],
      ['expired', 3, ''],
      ['terminated', 4, ''],
      ['instanceFailed', 5, ''],
      ['invalid', 6, ''],
      ['deviceLost', 7, ''],
      ['noReplyExpected', 8, ''],
      ['lateReply', 9, ''],
      ['outputFull', 10, ''],
      ['tenantMismatch', 11, ''],
    ],
  },
  {
    name: 'kernelStateCode',
    doc: 'The state of a kernel: the index in `kernelStates`.',
    values: [
      ['created', 0, ''],
      ['launched', 1, ''],
      ['active', 2, ''],
      ['deactivated', 3, ''],
      ['terminating', 4, ''],
      ['terminated', 5, ''],
      ['failed', 6, ''],
    ],
  },
  {
    name: 'controlCommand',
    doc: 'What the host asks of a kernel.',
    values: [
      ['none', 0, ''],
      ['activate', 1, ''],
      ['deactivate', 2, ''],
      ['terminate', 3, ''],
    ],
  },
  {
    name: 'controlErrorCode',
    doc: 'Last error of a kernel. 0 to 7 are those of RingKernel for Rust, ours begin at 16.',
    values: [
      ['none', 0, ''],
      ['inputOverflow', 1, ''],
      ['outputOverflow', 2, ''],
      ['invalidMessage', 3, ''],
      ['allocationFailed', 4, ''],
      ['serializationError', 5, ''],
      ['timeout', 6, ''],
      ['internalError', 7, ''],
      ['handlerFault', 16, 'A check in a handler or ctx.fail; errorSite says where.'],
      ['handlerError', 17, 'A host-only kernel threw.'],
      ['deviceLost', 18, 'The device or the worker that ran it is gone.'],
      ['layoutMismatch', 19, 'Host and kernel were built with different layouts.'],
    ],
  },
];

export const constants: readonly ConstantGroup[] = [limits, messageFlags, ...codes];

/** Looks a constant up, so that a struct's array and the constant can't disagree. */
export function constant(group: string, name: string): number {
  const value = constants
    .find((candidate) => candidate.name === group)
    ?.values.find(([candidate]) => candidate === name)?.[1];
  if (value === undefined) throw new Error(`No constant ${group}.${name}`);
  return value;
}
