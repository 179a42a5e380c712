import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { backend } from '@ringkernel/backend-cpu';
import { NotSupportedError } from '@ringkernel/core';
import { expect, test } from 'vitest';

function canPin(): boolean {
  try {
    execFileSync('taskset', ['-V'], { stdio: 'ignore' });
  } catch {
    return false;
  }
  return process.platform === 'linux' && availableParallelism() >= 2;
}

/** The cores that each thread of this process may use. */
function threads(): string[] {
  return readdirSync('/proc/self/task').map((id) => {
    const status = readFileSync(`/proc/self/task/${id}/status`, 'utf8');
    return /^Cpus_allowed_list:\s*(\S+)$/m.exec(status)?.[1] ?? '';
  });
}

const pinned = (cores: readonly string[]): string[] => cores.filter((c) => /^\d+$/.test(c));

test.runIf(canPin())(
  'pin gives the worker and the main thread a core each, until close',
  async () => {
    const before = pinned(threads()).length;
    const device = await backend.open({ backendOptions: { workers: 1, affinity: 'pin' } });
    const during = pinned(threads());
    await device.close();
    expect(during.length).toBeGreaterThanOrEqual(before + 2);
    expect(new Set(during).size).toBeGreaterThanOrEqual(2);
    expect(pinned(threads()).length).toBe(before);
  },
);

test('more threads than cores cannot be pinned', async () => {
  const opening = backend.open({ backendOptions: { workers: 128, affinity: 'pin' } });
  await expect(opening).rejects.toThrow(NotSupportedError);
});

test('an unknown affinity is refused', async () => {
  const opening = backend.open({ backendOptions: { affinity: 'auto' } });
  await expect(opening).rejects.toMatchObject({ code: 'RK_INVALID_OPTION' });
});
