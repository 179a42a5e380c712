import { execFile } from 'node:child_process';

/** What a script printed; or, in words, how it ended instead of doing so. */
export interface ChildReport {
  readonly output: string;
  readonly ended: string | null;
}

/** Runs a script in a process of its own, for as long as `limitMs`: what crashes or hangs there is told here. */
export function runChild(
  script: string,
  args: readonly string[],
  limitMs: number,
): Promise<ChildReport> {
  return new Promise((resolve) => {
    const options = { timeout: limitMs, killSignal: 'SIGKILL', maxBuffer: 1 << 20 } as const;
    const start = performance.now();
    execFile(process.execPath, [script, ...args], options, (error, output) => {
      if (error === null) return resolve({ output, ended: null });
      const { signal } = error as { readonly signal?: string | null };
      const late = signal === 'SIGKILL' && performance.now() - start >= limitMs;
      const by = signal ? `was ended by ${signal}` : error.message;
      resolve({ output, ended: late ? `did not end within ${limitMs} ms` : by });
    });
  });
}
