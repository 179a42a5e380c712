import { InvalidOptionError, longestTimerMs } from '@ringkernel/core';
import { checkInteger, checkNames, checkOneOf, checkTimeout } from '../options.ts';

/** 0: at most once. 1: at least once. 2: exactly once. The lower one of publisher and subscriber counts. */
export type QoS = 0 | 1 | 2;

/**
 * What happens when more publications wait for a subscriber than it has room for: the oldest are dropped, the
 * subscription ends with a `FeedOverflowError`, or the publisher waits.
 */
export type SlowPolicy = 'drop-oldest' | 'disconnect' | 'wait';

export interface SubscribeOptions {
  /** 0 by default. */
  readonly qos?: QoS;
  /** Publications that may wait for the subscriber, 1,024 by default. */
  readonly capacity?: number;
  /** `drop-oldest` by default with QoS 0, `wait` with 1 and 2, which promise not to drop. */
  readonly onSlow?: SlowPolicy;
  /** After how long a publication that was not taken is delivered again with QoS 1 and 2, 100 by default. */
  readonly retryMs?: number;
}

export interface PublishOptions {
  /** 0 by default. */
  readonly qos?: QoS;
  /** Whether later subscribers get it, too, until something else is retained under the topic. */
  readonly retain?: boolean;
  /** Names the publication: published again with QoS 2, it reaches nobody twice. */
  readonly id?: string;
  /** How long to wait for subscribers with the policy `wait`, 5,000 by default. */
  readonly timeoutMs?: number;
}

const words: readonly SlowPolicy[] = ['drop-oldest', 'disconnect', 'wait'];

function checkQoS(qos: unknown): QoS {
  if (qos === 0 || qos === 1 || qos === 2) return qos;
  throw new InvalidOptionError('qos', '0, 1 or 2', qos);
}

export function checkSubscribe(options: SubscribeOptions): Required<SubscribeOptions> {
  checkNames(options, ['qos', 'capacity', 'onSlow', 'retryMs'], 'options');
  const qos = checkQoS(options.qos ?? 0);
  const onSlow = options.onSlow ?? (qos === 0 ? 'drop-oldest' : 'wait');
  checkOneOf('onSlow', onSlow, words);
  if (qos > 0 && onSlow === 'drop-oldest') {
    throw new InvalidOptionError('onSlow', `'wait' or 'disconnect' with QoS ${qos}`, onSlow);
  }
  return {
    qos,
    onSlow,
    capacity: checkInteger('capacity', options.capacity ?? 1_024, 1, 2 ** 24),
    retryMs: checkInteger('retryMs', options.retryMs ?? 100, 0, longestTimerMs),
  };
}

export function checkPublish(options: PublishOptions): Required<Omit<PublishOptions, 'id'>> {
  checkNames(options, ['qos', 'retain', 'id', 'timeoutMs'], 'options');
  const { retain = false, id } = options;
  if (typeof retain !== 'boolean') throw new InvalidOptionError('retain', 'true or false', retain);
  if (id !== undefined && (typeof id !== 'string' || id === '')) {
    throw new InvalidOptionError('id', 'a text', id);
  }
  const timeoutMs = checkTimeout(options.timeoutMs ?? 5_000);
  return { qos: checkQoS(options.qos ?? 0), retain, timeoutMs };
}
