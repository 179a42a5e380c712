import { execFile, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { layoutText } from '../dist/layout/device.js';
import { packageFolder } from '../dist/native/load.js';

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), 'ringkernel-races-'));
const compiler = ['-std=c++17', '-O1', '-w', '-fsanitize=thread', '-pthread'];

/** ThreadSanitizer wants addresses where it expects them. */
const launcher = ['setarch', '-R'] as const;

/** Why ThreadSanitizer can't be used here, or null. */
const noSanitizer = ((): string | null => {
  const source = join(folder, 'try.cc');
  const program = join(folder, 'try');
  writeFileSync(source, 'int main() { return 0; }');
  const built = spawnSync('g++', [...compiler, source, '-o', program]);
  if (built.status !== 0) return 'g++ with ThreadSanitizer is missing';
  const ran = spawnSync(launcher[0], [launcher[1], program]);
  return ran.status === 0 ? null : 'programs with ThreadSanitizer do not run here';
})();
if (noSanitizer !== null) console.log(`skipped: ${noSanitizer}`);

/** Why the mutants are not built, or null. */
const noMutants = process.env.RK_MUTANTS === '1' ? null : 'mutants take a minute: set RK_MUTANTS=1';
if (noMutants !== null) console.log(`skipped: ${noMutants}`);

/** Builds the stress program with these primitives, and so many lanes in the dispatcher's warp. */
async function build(name: string, primitives: string, lanes = 4): Promise<string> {
  const headers = join(folder, `${name}-${lanes}`);
  mkdirSync(headers);
  writeFileSync(join(headers, 'rk_sim.h'), primitives);
  writeFileSync(join(headers, 'rk_layout.h'), layoutText());
  const program = join(headers, 'stress');
  const source = join(packageFolder, 'sim', 'stress.cc');
  const device = join(packageFolder, 'device');
  const options = [...compiler, `-DRK_WARP=${lanes}u`];
  await run('g++', [...options, `-I${headers}`, `-I${device}`, source, '-o', program]);
  return program;
}

/** Runs the stress program: all that it printed, and how it ended. */
async function stress(program: string, amount: readonly string[]) {
  const env = { ...process.env, TSAN_OPTIONS: 'halt_on_error=1' };
  const ended = await run(launcher[0], [launcher[1], program, ...amount], { env }).catch(
    (error: { stdout: string; stderr: string; code: number }) => error,
  );
  return { text: ended.stdout + ended.stderr, code: 'code' in ended ? ended.code : 0 };
}

const sound = readFileSync(join(packageFolder, 'sim', 'rk_sim.h'), 'utf8');

/** Each primitive that orders memory, and how it looks without its order. */
const weakened: readonly (readonly [name: string, from: RegExp, to: string])[] = [
  ['load_acquire_sys', /(rk_load_acquire_sys, rk_u32, __ATOMIC_)ACQUIRE/, '$1RELAXED'],
  ['load_acquire_sys quad', /(v\.y = .*__ATOMIC_)ACQUIRE/, '$1RELAXED'],
  ['load_acquire u32', /(rk_load_acquire, rk_u32, __ATOMIC_)ACQUIRE/, '$1RELAXED'],
  ['load_acquire u64', /(rk_load_acquire, rk_u64, __ATOMIC_)ACQUIRE/, '$1RELAXED'],
  ['store_release_sys', /(rk_store_release_sys, rk_u32, __ATOMIC_)RELEASE/, '$1RELAXED'],
  ['store_release u32', /(rk_store_release, rk_u32, __ATOMIC_)RELEASE/, '$1RELAXED'],
  ['store_release u64', /(rk_store_release, rk_u64, __ATOMIC_)RELEASE/, '$1RELAXED'],
  ['add', /(\(rk_add, .*__ATOMIC_)ACQ_REL/, '$1RELAXED'],
  ['add_acquire', /(\(rk_add_acquire, .*__ATOMIC_)ACQUIRE/, '$1RELAXED'],
  ['add_release', /(\(rk_add_release, .*__ATOMIC_)RELEASE/, '$1RELAXED'],
  ['exchange_acquire', /(\(rk_exchange_acquire, .*__ATOMIC_)ACQUIRE/, '$1RELAXED'],
  ['compare_exchange_release', /(rk_compare_exchange_release, __ATOMIC_)RELEASE/, '$1RELAXED'],
  ['sync_warp', /if \(RK_WARP > 1u\) pthread_barrier_wait.*;/, 'sched_yield();'],
];

/** Yields, mode and nodes of runs in which one or another order counts. */
const mutantRuns = [
  [0, 'shared', 64],
  [20, 'shared', 8],
  [5, 'dedicated', 64],
] as const;

describe.skipIf(noSanitizer !== null)('the device source under ThreadSanitizer', () => {
  beforeAll(() => mkdirSync(folder, { recursive: true }));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  // With one lane the dispatcher takes one message after the other; with four it takes them together.
  test.each([1, 4])(
    'has no race, and loses, repeats and reorders nothing: %i lanes',
    async (lanes) => {
      const program = await build('sound', sound, lanes);
      let buried = 0;
      let spilled = 0;
      for (const [tokens, hops, sliceUs, mode, nodes] of [
        [400, 20, 0, 'shared', 8],
        [100, 20, 500, 'shared', 8],
        [100, 20, 500, 'dedicated', 64],
        [2000, 2, 0, 'shared', 64],
      ] as const) {
        const amount = [tokens, hops, 5, sliceUs, mode, nodes].map(String);
        const { text, code } = await stress(program, amount);
        expect(text).not.toContain('data race');
        expect([code, text]).toEqual([
          0,
          expect.stringContaining(`${tokens} tokens, ${tokens} done, ${tokens} numbers, 0 wrong`),
        ]);
        expect(Number(/(\d+) guests/u.exec(text)?.[1])).toBe(Math.ceil(tokens / 8));
        expect(Number(/(\d+) by lanes/u.exec(text)?.[1])).toBe(2 * tokens);
        buried += Number(/(\d+) buried/u.exec(text)?.[1]);
        spilled += Number(/(\d+) spilled/u.exec(text)?.[1]);
        const slices = Number(/(\d+) slices/u.exec(text)?.[1]);
        if (sliceUs === 0) expect(slices).toBe(0);
        else expect(slices).toBeGreaterThan(0);
      }
      expect(buried).toBeGreaterThan(0); // guests left while somebody greeted them
      expect(spilled).toBeGreaterThan(0); // there were fewer nodes than messages
    },
    180_000,
  );

  // Shows that the test above can fail: each primitive is relied upon.
  for (const [name, from, to] of weakened) {
    test.skipIf(noMutants !== null)(
      `reports a race when ${name} orders nothing`,
      async () => {
        const mutant = sound.replace(from, to);
        expect(mutant).not.toBe(sound);
        const program = await build(name.replaceAll(' ', '-'), mutant);
        // Relaunches order everything, and show what stopping orders. A race shows when threads happen to overlap.
        let text = '';
        for (let i = 0; i < 30 && !text.includes('data race'); i++) {
          const [yields, mode, nodes] = mutantRuns[i % mutantRuns.length] ?? [];
          ({ text } = await stress(program, [
            '300',
            '30',
            `${yields}`,
            '0',
            `${mode}`,
            `${nodes}`,
          ]));
        }
        expect(text).toContain('data race');
      },
      120_000,
    );
  }
});
