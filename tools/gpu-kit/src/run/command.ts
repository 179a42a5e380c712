import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Readable } from 'node:stream';

export interface Ended {
  readonly result: 'passed' | 'failed' | 'timed out';
  readonly seconds: number;
  readonly output: string;
  readonly errors: string;
}

/** More of what a program prints is dropped: the end is what tells how it went. */
const mostCharacters = 1 << 26;

/** Runs a program to its end, or to the limit, where it is killed with all that it started. */
export function runCommand(
  program: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly limitS: number; readonly env?: NodeJS.ProcessEnv },
): Promise<Ended> {
  const start = performance.now();
  const { cwd, limitS, env = process.env } = options;
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let late = false;
    const limit = setTimeout(() => {
      late = true;
      killTree(child.pid);
    }, limitS * 1_000);
    const [output, errors] = [collect(child.stdout), collect(child.stderr)];
    const done = (result: Ended['result'], more = ''): void => {
      clearTimeout(limit);
      const seconds = (performance.now() - start) / 1_000;
      resolve({ result, seconds, output: output(), errors: errors() + more });
    };
    child.once('error', (error) => done('failed', `\n${error.message}`));
    child.once('close', (code, signal) => {
      if (late) done('timed out');
      else done(code === 0 ? 'passed' : 'failed', signal === null ? '' : `\nended by ${signal}`);
    });
  });
}

function collect(stream: Readable): () => string {
  let text = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    text = (text + chunk).slice(-mostCharacters);
  });
  return () => text;
}

/** Kills a process and all that it started: compilers, and what a sanitizer runs. Who is whose child, Linux tells in /proc. */
function killTree(root: number | undefined): void {
  if (root === undefined) return;
  const parents = readdirSync('/proc').flatMap((name) => {
    const parent = /^\d+$/.test(name) ? parentOf(name) : null;
    return parent === null ? [] : [{ pid: Number(name), parent }];
  });
  const tree = [root];
  for (const pid of tree) {
    tree.push(...parents.filter(({ parent }) => parent === pid).map((one) => one.pid));
  }
  for (const pid of tree) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // it has ended meanwhile
    }
  }
}

function parentOf(pid: string): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]); // behind the name and the state
  } catch {
    return null; // it has ended meanwhile
  }
}

/** Where a program is: on the PATH, or in one of these folders. Null: nowhere. */
export function findProgram(name: string, folders: readonly string[]): string | null {
  const all = [...(process.env.PATH ?? '').split(delimiter), ...folders];
  return all.map((folder) => join(folder, name)).find((path) => existsSync(path)) ?? null;
}
