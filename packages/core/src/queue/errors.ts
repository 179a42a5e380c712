import { RingKernelError } from '../errors/error.ts';
import { QueueFullError } from '../errors/message.ts';

/** A capacity that is no power of two, or out of bounds. */
export class QueueCapacityError extends RingKernelError {
  static readonly code = 'RK_QUEUE_CAPACITY';
  readonly found: number;
  readonly least: number;
  readonly most: number;

  constructor(found: number, least: number, most: number) {
    super(
      QueueCapacityError.code,
      `A queue's capacity should be a power of two from ${least} to ${most}, found ${found}`,
      { hint: 'the tiers are 256, 1024, 4096 and 16384' },
    );
    this.found = found;
    this.least = least;
    this.most = most;
  }
}

/** Another producer took the lane over; what this one wrote since its last publication is not delivered. */
export class ProducerReplacedError extends RingKernelError {
  static readonly code = 'RK_PRODUCER_REPLACED';
  readonly epoch: number;
  readonly currentEpoch: number;

  constructor(epoch: number, currentEpoch: number) {
    super(
      ProducerReplacedError.code,
      `This producer is number ${epoch} of its lane, number ${currentEpoch} has taken it over`,
      { hint: 'a lane has one producer; take it over only from one that has ended' },
    );
    this.epoch = epoch;
    this.currentEpoch = currentEpoch;
  }
}

/** A queue without room; the message stays with the caller. The same code as a kernel's full mailbox. */
export class MessageQueueFullError extends RingKernelError {
  readonly capacity: number;

  constructor(capacity: number) {
    super(QueueFullError.code, `The queue is full, capacity ${capacity}`, {
      hint: 'wait for room with enqueue() or enqueueSync(), take a larger tier, or send less',
    });
    this.capacity = capacity;
  }
}

/** The queue was closed; the message stays with the caller. What was sent before is still delivered. */
export class QueueClosedError extends RingKernelError {
  static readonly code = 'RK_QUEUE_CLOSED';

  constructor() {
    super(QueueClosedError.code, 'The queue is closed: nothing more can be sent to it');
  }
}
