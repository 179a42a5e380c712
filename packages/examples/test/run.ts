import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface Run {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly lastLine: string;
}

/** Runs one of the built programs to its end. */
export function run(name: string, ...args: string[]): Run {
  return runIn({}, name, ...args);
}

/** The same with more variables in its environment. */
export function runIn(env: Readonly<Record<string, string>>, name: string, ...args: string[]): Run {
  const file = fileURLToPath(new URL(`../dist/${name}.js`, import.meta.url));
  const options = { encoding: 'utf8', env: { ...process.env, NO_COLOR: '1', ...env } } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, [file, ...args], options);
  return { status, stdout, stderr, lastLine: stdout.trimEnd().split('\n').at(-1) ?? '' };
}
