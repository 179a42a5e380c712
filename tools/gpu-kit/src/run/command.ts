import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

export interface Ended {
  readonly result: 'passed' | 'failed' | 'timed out';
  readonly seconds: number;
  readonly output: string;
  readonly errors: string;
}

/** Runs a program to its end, or to the limit, where it is killed. */
export function runCommand(
  program: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly limitS: number; readonly env?: NodeJS.ProcessEnv },
): Promise<Ended> {
  const start = performance.now();
  const { cwd, limitS, env = process.env } = options;
  const limits = { timeout: limitS * 1_000, killSignal: 'SIGKILL', maxBuffer: 1 << 28 } as const;
  return new Promise((resolve) => {
    execFile(program, args, { ...limits, cwd, env }, (error, output, stderr) => {
      const seconds = (performance.now() - start) / 1_000;
      const late = error?.signal === 'SIGKILL' && seconds >= limitS;
      const result = error === null ? 'passed' : late ? 'timed out' : 'failed';
      const errors = typeof error?.code === 'string' ? `${stderr}\n${error.message}` : stderr;
      resolve({ result, seconds, output, errors });
    });
  });
}

/** Where a program is: on the PATH, or in one of these folders. Null: nowhere. */
export function findProgram(name: string, folders: readonly string[]): string | null {
  const all = [...(process.env.PATH ?? '').split(delimiter), ...folders];
  return all.map((folder) => join(folder, name)).find((path) => existsSync(path)) ?? null;
}
