import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const model = fileURLToPath(new URL('../mailbox.pml', import.meta.url));

/** Why the model can't be checked here; undefined when it can. */
export const missing: string | undefined = ['spin', 'gcc'].find(
  (command) => spawnSync(command, ['--version']).error !== undefined,
);

export interface Check {
  /** What the model is to be built with, `POLICY=1` for one. */
  readonly define: readonly string[];
  /** Whether everything ends under weak fairness, instead of assertions and dead ends. */
  readonly liveness?: boolean;
  /** Contents of `trace.h`. */
  readonly trace?: string;
  /** An error is soon found, if at all: then it is not worth it to optimise the checker. */
  readonly soon?: boolean;
}

/** The first error that spin finds, `null` when there is none. Throws when spin or the compiler refuse the model. */
export function check({ define, liveness = false, trace, soon = false }: Check): string | null {
  const folder = mkdtempSync(join(tmpdir(), 'ringkernel-model-'));
  try {
    copyFileSync(model, join(folder, 'mailbox.pml'));
    if (trace !== undefined) writeFileSync(join(folder, 'trace.h'), trace);
    run(folder, 'spin', ['-a', ...define.map((d) => `-D${d}`), 'mailbox.pml']);
    const kind = liveness ? ['-DNFAIR=4'] : ['-DSAFETY', '-DNOCLAIM'];
    run(folder, 'gcc', [soon ? '-O0' : '-O2', '-w', ...kind, '-o', 'pan', 'pan.c']);
    // Most ways lead away from the trace and get stuck; only those that keep to it count.
    const deadEnds = trace === undefined ? [] : ['-E'];
    const fairness = liveness ? ['-a', '-f'] : [];
    const output = run(folder, './pan', ['-m100000', ...deadEnds, ...fairness]);
    const error = /^pan:1: (.*)$/m.exec(output)?.[1];
    if (error !== undefined) return error;
    if (!/errors: 0\b/.test(output)) throw new Error(`spin came to no result:\n${output}`);
    if (/max search depth too small|out of memory/.test(output)) throw new Error(output);
    return null;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function run(cwd: string, command: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stdout}${stderr}`);
  return stdout;
}
