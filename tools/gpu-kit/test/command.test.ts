import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { runCommand } from '../dist/run/command.js';

const sh = (script: string, limitS = 30) => runCommand('sh', ['-c', script], { cwd: '/', limitS });

/** Whether a process runs: one that has ended may be kept as a zombie. */
function alive(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

test('a program is told by its end, and what it printed is kept', async () => {
  expect(await sh('echo out; echo err >&2')).toMatchObject({
    result: 'passed',
    output: 'out\n',
    errors: 'err\n',
  });
  expect(await sh('exit 3')).toMatchObject({ result: 'failed' });
  expect(await sh('kill -SEGV $$')).toMatchObject({
    result: 'failed',
    errors: '\nended by SIGSEGV',
  });
  const missing = await runCommand('/nowhere/program', [], { cwd: '/', limitS: 30 });
  expect(missing.result).toBe('failed');
  expect(missing.errors).toContain('ENOENT');
});

test('one that hangs is killed with its children, and what it printed before stays', async () => {
  const script = 'sleep 600 & echo $!; sh -c "sleep 600 & echo \\$!; wait" & wait';
  const { result, output, seconds } = await sh(script, 1);
  expect(result).toBe('timed out');
  expect(seconds).toBeLessThan(20);
  const children = output.trim().split('\n').map(Number);
  expect(children).toHaveLength(2);
  while (children.some(alive)) await setTimeout(10);
});
