import { CudaTrialError, type Trial, tryDevice } from '@ringkernel/backend-cuda';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { simulatedLibraries } from '../dist/simulation/build.js';
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

test('a mistake in the options is no failure of the device', async () => {
  await expect(tryDevice({ backendOptions: { worker: 1 } })).rejects.toMatchObject({
    code: 'RK_INVALID_OPTION',
  });
});
