import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { softwareGpu } from '../../compiler/src/fuzz/swiftshader.ts';
import { run, runIn } from './run.ts';

describe('the main job', () => {
  test('ranks airports, streams flights and reports as JSON', () => {
    const { status, stderr, lastLine } = run('main', '--backend', 'cpu', '--json', '--quiet');
    expect(stderr).toBe('');
    expect(status).toBe(0);
    const { backend, selection, pagerank, stream, counts } = JSON.parse(lastLine);
    expect(backend).toBe('cpu');
    expect(selection).toContainEqual(expect.objectContaining({ backend: 'cpu', chosen: true }));
    expect(pagerank).toMatchObject({ airports: 305, routes: 5_366 });
    expect(pagerank.iterations).toBeGreaterThan(10);
    expect(pagerank.maxAbsError).toBeLessThan(1e-9);
    expect(pagerank.top[0]).toMatchObject({
      iata: 'ATL',
      name: expect.stringContaining('Atlanta'),
    });
    expect(stream.flights).toBe(231_083);
    expect(stream.outliers).toBeGreaterThan(100);
    expect(stream.messagesPerSecond).toBeGreaterThan(0);
    expect(stream.latencyUs.p99).toBeGreaterThanOrEqual(stream.latencyUs.p50);
    expect(stream.worst[0].mean).toBeGreaterThan(stream.worst[1].mean);
    expect(stream.worst[0]).toMatchObject({
      iata: expect.stringMatching(/^[A-Z]{3}$/),
      name: expect.stringMatching(/\w+, [A-Z]{2}$/),
    });
    for (const { backend: name, chosen, reason } of selection) {
      expect(chosen).toBe(name === 'cpu');
      expect(reason).not.toBe('');
    }
    const { sent, handled, rejected, deadLettered, pending } = counts;
    expect(handled).toBeGreaterThan(stream.flights);
    expect(sent).toBe(handled + rejected + deadLettered + pending);
  });

  test('shows ranks, delays and which backend runs', () => {
    const { status, stdout } = run('main', '--flights', '20000', '--workers', '2');
    expect(status).toBe(0);
    expect(stdout).toMatch(/runs on +cpu/);
    expect(stdout).toMatch(/ATL William B Hartsfield-Atlanta Intl, GA +0\.05\d+ +█+/);
    expect(stdout).toMatch(/20,000 flights, [\d,]+ messages\/s/);
    expect(stdout).toMatch(
      /flights: \d+ %, \d+ messages\/s, \d+ waiting, latency p50 \d+, p99 \d+ us/,
    );
    expect(stdout).not.toContain('\x1b');
  });

  test('ranks do not depend on the number of workers', () => {
    const [one, three] = ['1', '3'].map((workers) =>
      JSON.parse(
        run('main', '--workers', workers, '--quiet', '--json', '--flights', '1000').lastLine,
      ),
    );
    expect(three.pagerank).toEqual(one.pagerank);
  });

  test('--quiet prints nothing', () => {
    expect(run('main', '--quiet', '--flights', '500')).toMatchObject({ status: 0, stdout: '' });
  });

  test('a backend that can not be used is an error that says so', () => {
    const { status, stderr, lastLine } = run('main', '--backend', 'cuda', '--json');
    expect(status).toBe(1);
    expect(stderr).toContain('cuda');
    expect(JSON.parse(lastLine).error).toMatchObject({ code: 'RK_BACKEND_UNAVAILABLE' });
  });

  test.each([
    [['--backend', 'vulkan'], "--backend: wanted auto, cpu, webgpu, cuda, found 'vulkan'"],
    [['--flights', '0'], '--flights: wanted a whole number from 1 to 3000000'],
    [['--backend', 'cpu', '--simulated'], '--simulated: only with --backend webgpu or cuda'],
    [['--fast'], "Unknown option '--fast'"],
  ])('%j is refused with the usage', (args, text) => {
    const { status, stderr } = run('main', ...args);
    expect(status).toBe(2);
    expect(stderr).toContain(text);
    expect(stderr).toContain('--workers N');
  });

  test('--help explains the options', () => {
    const stdout: unknown = expect.stringContaining('--json');
    expect(run('main', '--help')).toMatchObject({ status: 0, stdout });
  });
});

const gpu = softwareGpu();
const noGpu = typeof gpu === 'string' ? gpu : null;
if (noGpu !== null) console.warn(`the main job is not run on WebGPU: ${noGpu}`);
const compiler = spawnSync('g++', ['--version']).status === 0 ? null : 'g++ is missing';
if (compiler !== null) console.warn(`the main job is not run on a simulated GPU: ${compiler}`);

describe.each([
  { backend: 'webgpu', env: typeof gpu === 'string' ? {} : gpu, missing: noGpu },
  { backend: 'cuda', env: {}, missing: compiler },
])('the main job on $backend, without a GPU', ({ backend, env, missing }) => {
  test.skipIf(missing !== null)(
    'ranks the same',
    () => {
      const args = ['--flights', '5000', '--quiet', '--json'];
      const here = JSON.parse(run('main', '--backend', 'cpu', ...args).lastLine);
      const device = ['--backend', backend, '--simulated'];
      const { status, stderr, lastLine } = runIn(env, 'main', ...device, ...args);
      expect(stderr).toBe('');
      expect(status).toBe(0);
      const there = JSON.parse(lastLine);
      expect(there.backend).toBe(backend);
      expect(there.pagerank).toEqual(here.pagerank);
      expect(there.stream).toMatchObject({ flights: 5_000, outliers: here.stream.outliers });
      expect(there.stream.latencyUs.p50).toBeGreaterThan(0);
      expect(there.counts).toMatchObject({ deadLettered: 0, pending: 0 });
      expect(there.counts.handled).toBe(there.counts.sent - there.counts.rejected);
    },
    300_000,
  );
});
