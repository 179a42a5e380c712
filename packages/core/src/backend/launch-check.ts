import { MessageTooLargeError } from '../errors/message.ts';
import { InvalidOptionError } from '../errors/operation.ts';
import type { DeviceLaunchOptions, KernelImage } from './contract.ts';

/**
 * What every device checks before a launch: throws `InvalidOptionError`, and `MessageTooLargeError` for a message, reply
 * or event of more than `largestPayloadBytes`.
 */
export function checkLaunch(
  image: KernelImage,
  { instances, living = instances, baseAddress, queueCapacity }: DeviceLaunchOptions,
  largestPayloadBytes: number,
): void {
  if (!Number.isInteger(instances) || instances < 1) {
    throw new InvalidOptionError('instances', 'at least 1', instances);
  }
  if (!Number.isInteger(living) || living < 0 || living > instances) {
    throw new InvalidOptionError('living', `from 0 to ${instances}`, living);
  }
  if (!Number.isInteger(baseAddress) || baseAddress < 64 || baseAddress % 64 !== 0) {
    throw new InvalidOptionError('baseAddress', 'a multiple of 64', baseAddress);
  }
  if (!Number.isInteger(queueCapacity) || queueCapacity < 1) {
    throw new InvalidOptionError('queueCapacity', 'at least 1', queueCapacity);
  }
  for (const { name, layout, reply } of [...image.messages, ...image.emits]) {
    const size = Math.max(layout.size, reply?.layout.size ?? 0);
    if (size > largestPayloadBytes) throw new MessageTooLargeError(name, size, largestPayloadBytes);
  }
}
