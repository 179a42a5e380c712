import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { backend, simulatedBackend } from '@ringkernel/backend-cuda';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mostBytes, pack, sizeOf } from '../dist/pack/pack.js';
import { predictions, type Report } from '../dist/run/report.js';

const simulation = await simulatedBackend.probe();
const gpu = await backend.probe();
const noSimulation = simulation.available ? null : simulation.reason;
if (noSimulation !== null) console.log(`skipped: ${noSimulation}`);

describe.skipIf(process.platform !== 'linux')('a packed kit', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ringkernel-kit-test-'));
  const kit = join(folder, 'kit');

  beforeAll(() => {
    pack(join(folder, 'packed'), process.execPath);
    // Elsewhere than it was packed, so that nothing of that place can be relied on.
    renameSync(join(folder, 'packed'), kit);
  }, 120_000);

  afterAll(() => rmSync(folder, { recursive: true, force: true }), 120_000);

  /** As on a bare machine: an empty environment, the system's programs, and nothing of Node. */
  function run(...args: string[]) {
    const options = { cwd: folder, env: {}, encoding: 'utf8', timeout: 300_000 } as const;
    const { status, stdout, stderr } = spawnSync(join(kit, 'run.sh'), args, options);
    return { status, text: `${stdout}${stderr}` };
  }

  function results(name: string): Report {
    return JSON.parse(readFileSync(join(folder, name, 'results.json'), 'utf8')) as Report;
  }

  test('is small enough, and says what is in it', () => {
    expect(sizeOf(kit)).toBeLessThan(mostBytes);
    const { commit, node } = JSON.parse(readFileSync(join(kit, 'kit.json'), 'utf8'));
    expect(commit).toBe(execFileSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8' }).trim());
    expect(node).toBe(process.version);
  });

  test.skipIf(noSimulation !== null)(
    'has all that it needs: everything runs on the simulated device',
    () => {
      const { status, text } = run('--simulated', '--quick', '--messages', '5000', '--out', 'all');
      expect(status, text).toBe(0);
      const { outcomes, machine, origins, kit: described } = results('all');
      expect(origins.map(({ program, from }) => [program, from])).toEqual([
        ['system', 'simulation'],
        ['Trial', 'simulation'],
      ]);
      expect(outcomes.slice(0, 3).map(({ name }) => name)).toEqual([
        'trial',
        'conformance-ordering',
        'cuda-ask',
      ]);
      const skipped = outcomes.filter((one) => one.result === 'skipped').map((one) => one.name);
      expect(skipped).toEqual([
        'memcheck-conformance-lockstep',
        'memcheck-conformance-ordering',
        'racecheck-conformance-sections',
      ]);
      expect(outcomes.filter((one) => one.result === 'passed').length).toBe(9);
      const loss = outcomes.find((one) => one.name === 'cuda-loss');
      expect(loss?.rows[0]?.value).toBeGreaterThanOrEqual(5_000);
      const page = readFileSync(join(folder, 'all', 'results.md'), 'utf8');
      expect(page).toContain(described.commit);
      expect(page).toContain(machine.cpu);
      expect(page).toContain('was **simulated**');
      expect(page).toContain('| system | simulation | no |');
      for (const title of Object.keys(predictions)) expect(page).toContain(`| ${title} |`);
    },
    300_000,
  );

  test.skipIf(noSimulation !== null)(
    'runs a part of it',
    () => {
      const { status, text } = run('--simulated', '--quick', '--only', 'conformance');
      expect(status, text).toBe(0);
      const names = results('results').outcomes.map(({ name }) => name);
      expect(names).toEqual(['trial', 'conformance-ordering']);
    },
    120_000,
  );

  test.skipIf(gpu.available)(
    'without a driver it says so, and runs nothing else',
    () => {
      const { status, text } = run('--steps', 'conformance-state,cuda-ask', '--out', 'none');
      expect(status, text).toBe(1);
      const [trial, ...others] = results('none').outcomes;
      expect(trial).toMatchObject({ name: 'trial', result: 'failed' });
      expect(trial?.note).toContain('libcuda.so.1');
      const note = 'the trial failed';
      expect(others).toMatchObject([
        { name: 'conformance-state', result: 'skipped', note },
        { name: 'cuda-ask', result: 'skipped', note },
      ]);
    },
    120_000,
  );

  test.skipIf(noSimulation !== null)(
    'a step that takes too long is ended, and told',
    () => {
      const { status } = run(
        '--simulated',
        '--steps',
        'conformance-webassembly',
        '--limit',
        '1',
        '--out',
        'late',
      );
      expect(status).toBe(1);
      expect(results('late').outcomes[1]).toMatchObject({ result: 'timed out' });
    },
    120_000,
  );

  test.skipIf(noSimulation !== null)(
    'what does not fit in the time is skipped, and all ends in time, with results',
    () => {
      const start = performance.now();
      const steps = ['--steps', 'cuda-loss,conformance-webassembly', '--within', '30'];
      const { status, text } = run('--simulated', ...steps, '--out', 'within'); // 100 million
      expect((performance.now() - start) / 1_000).toBeLessThan(30);
      expect(status, text).toBe(1);
      const note = 'no time is left of 30 s';
      expect(results('within').outcomes.slice(1)).toMatchObject([
        { name: 'cuda-loss', result: 'timed out' },
        { name: 'conformance-webassembly', result: 'skipped', note },
      ]);
      const page = readFileSync(join(folder, 'within', 'results.md'), 'utf8');
      expect(page).toContain(`| conformance-webassembly | skipped | 0.0 | ${note} |`);
    },
    120_000,
  );

  test('what it does not know, it refuses', () => {
    expect(run('--steps', 'nonsense')).toMatchObject({ status: 2 });
    expect(run('--only', 'nonsense')).toMatchObject({ status: 2 });
    expect(run('--limit', 'soon')).toMatchObject({ status: 2 });
    expect(run('--nonsense')).toMatchObject({ status: 2 });
  }, 120_000);
});
