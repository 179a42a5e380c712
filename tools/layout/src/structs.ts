import { constant, constants } from './constants.ts';
import { field, padding, type StructDescription } from './description.ts';

const hlcStamp: StructDescription = {
  name: 'hlcStamp',
  doc: 'A hybrid logical clock reading. Ordered by physical, logical, node.',
  sizeBytes: 16,
  alignBytes: 8,
  parts: [
    {
      writer: 'clock',
      members: [
        field('physical', 'u64', 'Microseconds since the Unix epoch.'),
        field('logical', 'u32', 'Distinguishes events of one microsecond.'),
        field('node', 'u32', 'Whose clock: unique to each thread.'),
      ],
    },
  ],
};

const hlcTimestamp: StructDescription = {
  name: 'hlcTimestamp',
  doc: 'The exchange form of a clock reading, as RingKernel for Rust stores it.',
  sizeBytes: 24,
  alignBytes: 8,
  parts: [
    {
      writer: 'clock',
      members: [
        field('physical', 'u64', 'Microseconds since the Unix epoch.'),
        field('logical', 'u64', 'Distinguishes events of one microsecond.'),
        field('node', 'u64', 'Whose clock.'),
      ],
    },
  ],
};

const messageHeader: StructDescription = {
  name: 'messageHeader',
  doc: 'Precedes every payload; one cache line.',
  sizeBytes: 64,
  alignBytes: 64,
  parts: [
    {
      writer: 'sender',
      members: [
        field('sequence', 'u32', 'State of the slot: written last, with release order.'),
        field('typeId', 'u32', 'Hash of the message name and its schema.'),
        field('payloadBytes', 'u32', 'Bytes behind this header.'),
        field('priority', 'u8', 'A value of priorityCode.'),
        field('hops', 'u8', 'Routers passed so far.'),
        field('flags', 'u16', 'Bits of messageFlag.'),
        field('messageId', 'u64', 'node (16) | thread (8) | counter (40).'),
        field('correlation', 'u64', 'Ties a reply to its question; 0 = none.'),
        field('physical', 'u64', 'Clock of the sender: microseconds since the Unix epoch.'),
        field('logical', 'u32', 'Clock of the sender: logical part.'),
        field('node', 'u32', 'Clock of the sender: whose clock.'),
        field('source', 'u32', 'Address of the sender; 0 = the host.'),
        field('destination', 'u32', 'Address of the receiver; 0 = the host.'),
        field('deadlineMs', 'u32', 'Milliseconds after the epoch of the device; 0 = none.'),
        field('checksum', 'u32', 'CRC-32 of the payload, when the flag says so.'),
      ],
    },
  ],
};

const controlBlock: StructDescription = {
  name: 'controlBlock',
  doc: 'How the host steers a kernel and what the kernel says of itself. A line per writer.',
  sizeBytes: 256,
  alignBytes: 64,
  parts: [
    {
      writer: 'launch',
      members: [
        field('layoutHash', 'u32', 'Compared before the kernel starts.'),
        field('imageHash', 'u32', 'Hash of the program and its schemas.'),
        field('instances', 'u32', 'How many instances the kernel has.'),
        field('baseAddress', 'u32', 'Address of instance 0.'),
        field('queueCapacity', 'u32', 'Messages that may wait for one instance.'),
        field('stateStride', 'u32', 'Bytes from one state to the next.'),
        padding(40),
      ],
    },
    {
      writer: 'host',
      members: [
        field('command', 'u32', 'A value of controlCommand.'),
        field('epoch', 'u32', 'Grows by one with each command, written after it.'),
        field('shouldTerminate', 'u32', '1 when the kernel should end.'),
        field('isActive', 'u32', '1 while messages may be handled.'),
        field('shouldYield', 'u32', '1 when a persistent kernel should give the device back.'),
        padding(4),
        field('hostPhysical', 'u64', 'Clock of the host: microseconds since the Unix epoch.'),
        padding(32),
      ],
    },
    {
      writer: 'kernel',
      members: [
        field('state', 'u32', 'A value of kernelStateCode.'),
        field('acknowledgedEpoch', 'u32', 'The last command carried out.'),
        field('hasTerminated', 'u32', '1 when nothing of the kernel runs any more.'),
        field('failedInstances', 'u32', 'Instances that faulted.'),
        padding(48),
      ],
    },
    {
      writer: 'pulse',
      members: [
        field('heartbeat', { struct: 'hlcStamp' }, 'When the kernel last turned its loop.'),
        field('round', 'u64', 'Turns of the loop, or rounds in lockstep.'),
        field('lastError', 'u32', 'A value of controlErrorCode.'),
        field('errorSite', 'u32', 'Fault site of the last error.'),
        field('errorValue', 'u32', 'The failing index, divisor or code.'),
        field('errorInstance', 'u32', 'Where the last error was.'),
        field('errorCount', 'u32', 'Errors so far.'),
        padding(20),
      ],
    },
  ],
};

const queueHeader: StructDescription = {
  name: 'queueHeader',
  doc:
    'A ring queue. The lines that the other side polls hold little else: each write to one of them costs that side a ' +
    'transfer. The constant line keeps them 128 bytes apart.',
  sizeBytes: 320,
  alignBytes: 64,
  parts: [
    {
      writer: 'producer',
      members: [
        field('tail', 'u32', 'Where the next slot is written; wraps.'),
        field('cachedHead', 'u32', 'The head as the producer last saw it.'),
        field('closed', 'u32', '1 when nothing more will be written.'),
        field('urgent', 'u32', 'Messages published of another priority than normal; wraps.'),
        padding(48),
      ],
    },
    {
      writer: 'launch',
      members: [
        field('capacity', 'u32', 'Slots, a power of two.'),
        field('mask', 'u32', 'capacity - 1.'),
        field('slotBytes', 'u32', 'Bytes of one slot.'),
        field('flags', 'u32', 'For the kind of queue to define.'),
        field('layoutHash', 'u32', 'Compared when a queue is attached.'),
        padding(44),
      ],
    },
    {
      writer: 'consumer',
      members: [
        field('head', 'u32', 'Where the next slot is read; wraps.'),
        field('cachedTail', 'u32', 'The tail as the consumer last saw it.'),
        padding(56),
      ],
    },
    {
      writer: 'consumer',
      members: [
        field('dequeued', 'u64', 'Messages read.'),
        field('mostFound', 'u32', 'The most slots that the consumer ever found in use.'),
        padding(52),
      ],
    },
    {
      writer: 'producer',
      members: [
        field('enqueued', 'u64', 'Messages written.'),
        field('dropped', 'u64', 'Messages refused or pushed out because it was full.'),
        field('maxDepth', 'u32', 'The most that ever waited.'),
        field('epoch', 'u32', 'Producers so far: the last one owns the line of the tail.'),
        padding(40),
      ],
    },
  ],
};

const deadLetterCount =
  constants.find((group) => group.name === 'deadLetterCode')?.values.length ?? 0;

const counterBlock: StructDescription = {
  name: 'counterBlock',
  doc: 'What one thread counts for one kernel; zeroed memory is a fresh one.',
  sizeBytes: 192,
  alignBytes: 64,
  parts: [
    {
      writer: 'thread',
      members: [
        field('sent', 'u64', 'Messages that somebody tried to send to the kernel.'),
        field('handled', 'u64', 'Messages handled.'),
        field('rejected', 'u64', 'Messages refused at the door.'),
        field('deadLettered', 'u64', 'By deadLetterCode.', deadLetterCount),
        field('pending', 'u64', 'Messages waiting now.'),
        field('parked', 'u64', 'Of these, held back because a mailbox was full.'),
        field('emitted', 'u64', 'Messages emitted to the host.'),
        field('replied', 'u64', 'Replies given.'),
        field('errors', 'u64', 'Faults and thrown errors.'),
        field('maxDepth', 'u64', 'The most that ever waited for one instance.'),
        field('busyUs', 'u64', 'Microseconds spent in handlers.'),
        field('bytesIn', 'u64', 'Payload bytes handled.'),
        field('bytesOut', 'u64', 'Payload bytes sent, emitted and replied.'),
      ],
    },
  ],
};

const latencyBlock: StructDescription = {
  name: 'latencyBlock',
  doc: 'Histogram of latencies, written by one thread; zeroed memory is an empty one.',
  sizeBytes: 64 + 8 * constant('layoutLimit', 'latencyBuckets'),
  alignBytes: 64,
  parts: [
    {
      writer: 'thread',
      members: [
        field('count', 'u64', 'Values recorded.'),
        field('sumUs', 'u64', 'Their sum, microseconds.'),
        field('minUs', 'u32', 'The smallest; valid when count > 0.'),
        field('maxUs', 'u32', 'The largest.'),
        padding(40),
        field('buckets', 'u64', 'Counts.', constant('layoutLimit', 'latencyBuckets')),
      ],
    },
  ],
};

const instanceWords: StructDescription = {
  name: 'instanceWords',
  doc: 'What the owner of an instance keeps of it besides its state; the host only reads.',
  sizeBytes: 24,
  alignBytes: 8,
  parts: [
    {
      writer: 'owner',
      members: [
        field('faultSite', 'u32', 'Fault site + 1 once the instance has failed; 0 = sound.'),
        field('faultValue', 'u32', 'The failing index, divisor or code.'),
        field('draws', 'u32', 'Random numbers drawn.'),
        field('hostTaken', 'u32', 'Messages of the host taken in so far; wraps.'),
        field('depth', 'u32', 'Messages waiting in the mailbox.'),
        padding(4),
      ],
    },
  ],
};

/** Structs are described before they are used in another. */
export const structs: readonly StructDescription[] = [
  hlcStamp,
  hlcTimestamp,
  messageHeader,
  controlBlock,
  queueHeader,
  counterBlock,
  latencyBlock,
  instanceWords,
];
