import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CudaTrialError, type Trial, tryDevice } from '@ringkernel/backend-cuda';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { reportOf } from '../dist/probe/trial.js';
import { simulatedLibraries } from '../dist/simulation/build.js';
import { fakeToolkit } from './fake-toolkit.ts';
import { noSimulation } from './simulation.ts';

const simulated = { simulated: true, workers: 1 };

/** What became of a trial on a simulated driver one of whose calls does this. */
async function failing(fault: string, timeoutMs?: number): Promise<CudaTrialError> {
  process.env.RK_SIM_FAIL = fault;
  const limit = timeoutMs === undefined ? {} : { timeoutMs };
  const tried = tryDevice({ backendOptions: simulated, ...limit });
  const error: Trial | CudaTrialError = await tried.catch((thrown: CudaTrialError) => thrown);
  expect(error).toBeInstanceOf(CudaTrialError);
  return error as CudaTrialError;
}

describe.skipIf(noSimulation !== null)('a device is tried', () => {
  beforeAll(async () => {
    await simulatedLibraries();
  }, 120_000);
  afterEach(() => {
    delete process.env.RK_SIM_FAIL;
    delete process.env.RK_CUDA_DRIVER;
    delete process.env.RK_CUDA_NVRTC;
  });

  test('by one message there and back', async () => {
    const { deviceId, origins } = await tryDevice({ backendOptions: simulated });
    expect(deviceId).toBe('cuda:simulated');
    expect(origins.map(({ program, from }) => [program, from])).toEqual([
      ['system', 'simulation'],
      ['Trial', 'simulation'],
    ]);
  }, 120_000);

  test('and found to crash the process', async () => {
    const { code, failure, message } = await failing('cuLaunchKernel:crash');
    expect(code).toBe('RK_CUDA_TRIAL');
    expect(failure.code).toBe('RK_CUDA_CRASHED');
    expect(message).toContain('but the process that tried it was ended by SIGABRT');
  }, 120_000);

  test('and found to hang', async () => {
    const { failure } = await failing('cuLaunchKernel:hang', 3_000);
    expect(failure).toMatchObject({ code: 'RK_CUDA_CRASHED' });
    expect(failure.message).toBe('the process that tried it did not end within 3000 ms');
  }, 120_000);

  test('and the call that fails is told', async () => {
    const { failure } = await failing('cuLaunchKernel:700');
    expect(failure.code).toBe('RK_CUDA_DRIVER');
    expect(failure.message).toContain('CUDA_ERROR_ILLEGAL_ADDRESS');
  }, 120_000);

  /** What became of a trial whose programs this line of shell changes before they are compiled. */
  async function miscompiled(line: string): Promise<CudaTrialError> {
    const { driver } = await simulatedLibraries();
    const bin = mkdtempSync(join(tmpdir(), 'ringkernel-trial-'));
    const saved = process.env.PATH;
    process.env.PATH = fakeToolkit(bin, ['nvcc'], line);
    process.env.RK_CUDA_DRIVER = driver[0];
    process.env.RK_CUDA_NVRTC = '/nowhere/libnvrtc.so';
    try {
      const backendOptions = { workers: 1, cacheFolder: false };
      return await tryDevice({ backendOptions }).then(
        () => {
          throw new Error('the trial passed');
        },
        (thrown: CudaTrialError) => thrown,
      );
    } finally {
      process.env.PATH = saved;
      rmSync(bin, { recursive: true });
    }
  }

  test.each([
    [
      'a wrong number',
      's/message + 1u/message + 2u/',
      'the device answered 1382641257, not 1382641256',
    ],
    [
      'a message that is not handled',
      's/return true/return false/',
      'the message is a dead letter: invalid',
    ],
    ['a fault', 's/rk_u8\\* const out/rk_fault(t, 1u, 2u); &/', 'the handler faulted'],
  ])(
    'and answers wrongly: %s',
    async (_, edit, message) => {
      const { failure } = await miscompiled(`sed -i '${edit}' "$source"`);
      expect(failure).toMatchObject({ code: 'RK_CUDA_ANSWER', reasons: [] });
      expect(failure.message).toContain(message);
    },
    120_000,
  );

  test('and its compiler fails', async () => {
    const { failure } = await miscompiled(
      `case "$(cat "$source")" in *Trial*|*message*) echo 'program.cu(1): error: no' >&2; exit 3;; esac`,
    );
    expect(failure.code).toBe('RK_CUDA_COMPILE');
    expect(failure.message).toContain("'Trial' should compile, but nvcc ended with 3");
    expect(failure.message).toContain('program.cu(1): error: no');
  }, 120_000);

  test('and has no compiler', async () => {
    const { failure } = await miscompiled('kill -9 $$');
    expect(failure).toMatchObject({ code: 'RK_CUDA_UNAVAILABLE' });
    expect(failure.reasons).toEqual(expect.arrayContaining([expect.stringContaining('nvcc: ')]));
  }, 120_000);

  test('and a device that is not there is named', async () => {
    const wrong = tryDevice({ deviceId: 'GPU-none', backendOptions: simulated });
    await expect(wrong).rejects.toMatchObject({ failure: { code: 'RK_INVALID_OPTION' } });
  }, 120_000);
});

test('without a driver, everything that was looked for is told', async () => {
  process.env.RK_CUDA_DRIVER = '/nowhere/libcuda.so';
  try {
    await expect(tryDevice()).rejects.toMatchObject({
      code: 'RK_CUDA_TRIAL',
      failure: {
        code: 'RK_CUDA_UNAVAILABLE',
        reasons: [expect.stringContaining('/nowhere/libcuda.so')],
      },
    });
  } finally {
    delete process.env.RK_CUDA_DRIVER;
  }
}, 120_000);

test('what libraries print before the report is passed over; no report is a failure of its own', () => {
  expect(reportOf('a banner\n{"trial":{"deviceId":"GPU-1","origins":[]}}\n')).toEqual({
    trial: { deviceId: 'GPU-1', origins: [] },
  });
  const message = "the process that tried it printed no report, but 'a banner'";
  expect(reportOf('a banner\n').failure).toMatchObject({ code: 'RK_CUDA_CRASHED', message });
});

test('a mistake in the options is no failure of the device', async () => {
  const unknown = { device: 'cuda:0' } as object;
  for (const [options, option] of [
    [{ backendOptions: { worker: 1 } }, 'worker'],
    [unknown, 'device'],
    [{ timeoutMs: 0 }, 'timeoutMs'],
    [{ timeoutMs: 2 ** 31 }, 'timeoutMs'],
  ] as const) {
    const refused = { code: 'RK_INVALID_OPTION', option };
    await expect(tryDevice(options)).rejects.toMatchObject(refused);
  }
});
