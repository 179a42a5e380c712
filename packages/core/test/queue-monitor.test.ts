import {
  downgradedTier,
  MessageQueue,
  QueueMonitor,
  type QueueTier,
  tierCapacity,
  tierForDepth,
  tierForThroughput,
  upgradedTier,
} from '@ringkernel/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const tiers: readonly QueueTier[] = ['small', 'medium', 'large', 'extraLarge'];

describe('tiers', () => {
  it('are 256, 1024, 4096 and 16384 messages', () => {
    expect(tiers.map((tier) => tierCapacity[tier])).toEqual([256, 1024, 4096, 16_384]);
    expect(tiers.map(upgradedTier)).toEqual(['medium', 'large', 'extraLarge', 'extraLarge']);
    expect(tiers.map(downgradedTier)).toEqual(['small', 'small', 'medium', 'large']);
  });

  it('are the smallest that hold what piles up', () => {
    fc.assert(
      fc.property(fc.nat(300_000), fc.nat(200), (rate, headroomMs) => {
        const tier = tierForThroughput(rate, headroomMs);
        const piledUp = (rate * headroomMs) / 1000;
        const holds = tierCapacity[tier] >= piledUp;
        expect(holds || tier === 'extraLarge').toBe(true);
        if (tier !== 'small') {
          expect(tierCapacity[downgradedTier(tier)]).toBeLessThan(piledUp);
        }
      }),
    );
    expect(tierForDepth(256)).toBe('small');
    expect(tierForDepth(257)).toBe('medium');
    expect(() => tierForThroughput(-1, 10)).toThrow(
      expect.objectContaining({ code: 'RK_INVALID_OPTION', option: 'messagesPerSecond' }),
    );
  });
});

describe('queue monitor', () => {
  function filled(capacity: number, messages: number) {
    const queue = MessageQueue.create({ messageBytes: 1, capacity });
    const [sender, receiver] = [queue.sender(), queue.receiver()];
    for (let n = 0; n < messages; n++) sender.tryEnqueue(new Uint8Array(1));
    return { queue, sender, receiver };
  }

  it('judges by the share in use', () => {
    const monitor = new QueueMonitor();
    const health = (messages: number) => monitor.health(filled(256, messages).queue.statistics());
    expect([0, 191, 192, 230, 231, 256].map(health)).toEqual([
      ...['healthy', 'healthy', 'warning', 'warning', 'critical', 'critical'],
    ]);
  });

  it('suggests a larger tier after a lane was critical, and counts what was refused', () => {
    const monitor = new QueueMonitor({ warning: 0.5, critical: 0.8 });
    const { queue, receiver } = filled(256, 320);
    expect(monitor.dropRate(queue.statistics())).toBe(0.2);
    receiver.dequeueMany(256);
    expect(monitor.health(queue.statistics())).toBe('healthy');
    expect(monitor.suggestUpgrade(queue.statistics())).toBe('medium');
    expect(monitor.suggestUpgrade(filled(256, 100).queue.statistics())).toBeUndefined();
    expect(monitor.suggestUpgrade(filled(512, 400).queue.statistics())).toBe('medium');
    expect(monitor.suggestUpgrade(filled(16_384, 16_000).queue.statistics())).toBeUndefined();
    expect(monitor.dropRate(filled(2, 0).queue.statistics())).toBe(0);
  });

  it('refuses thresholds out of order', () => {
    const option = (name: string) => expect.objectContaining({ option: name });
    expect(() => new QueueMonitor({ warning: 0 })).toThrow(option('warning'));
    expect(() => new QueueMonitor({ critical: 0.5 })).toThrow(option('critical'));
  });
});
