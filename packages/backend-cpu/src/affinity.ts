import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { NotSupportedError } from '@ringkernel/core';

/**
 * Where threads run. Left alone, Linux tends to put two threads that wake each other on one core; then polling never
 * pays and a call takes some 10 microseconds. With `pin` each thread has a core of its own and it takes less than one.
 */
export const affinities = ['off', 'pin'] as const;
export type Affinity = (typeof affinities)[number];

/** `0,2-3` as [0, 2, 3]. */
export function parseCores(list: string): number[] {
  return list.split(',').flatMap((part) => {
    const [first = 0, last = first] = part.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
}

/** The cores this thread may use, as Linux writes them. */
function allowedList(): string {
  const status = readFileSync('/proc/thread-self/status', 'utf8');
  return /^Cpus_allowed_list:\s*(\S+)$/m.exec(status)?.[1] ?? '';
}

function place(list: string): void {
  const thread = readlinkSync('/proc/thread-self').split('/').at(-1) ?? '';
  execFileSync('taskset', ['-c', '-p', list, thread], { stdio: 'ignore' });
}

/** The cores for this many threads, one each. Throws `NotSupportedError` where threads can't be pinned. */
export function coresFor(threads: number): number[] {
  const refuse = (reason: string, hint: string, cause?: unknown): never => {
    throw new NotSupportedError("affinity: 'pin'", reason, { hint, cause });
  };
  if (process.platform !== 'linux') refuse(`${process.platform} can't pin threads`, "use 'off'");
  try {
    execFileSync('taskset', ['-V'], { stdio: 'ignore' });
  } catch (cause) {
    refuse('the command taskset is missing', 'install util-linux', cause);
  }
  const cores = parseCores(allowedList());
  if (cores.length < threads) {
    const reason = `${threads} threads need as many cores, this process may use ${cores.length}`;
    refuse(reason, 'use fewer workers');
  }
  return cores.slice(0, threads);
}

/** Keeps the calling thread on one core; the result undoes it. */
export function pin(core: number): () => void {
  const before = allowedList();
  place(String(core));
  return () => place(before);
}
