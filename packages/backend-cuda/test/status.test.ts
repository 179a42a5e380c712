import {
  CudaDriverError,
  CudaUnavailableError,
  gpuDevices,
  gpuStatus,
} from '@ringkernel/backend-cuda';
import { describe, expect, test } from 'vitest';
import { systemLibraries } from '../dist/native/libraries.js';
import { simulatedLibraries } from '../dist/simulation/build.js';
import { noSimulation } from './simulation.ts';

describe.skipIf(noSimulation !== null)('the management library', () => {
  test('tells memory, load, temperature and links, and null for what a device has not', async () => {
    const { nvml } = await simulatedLibraries();
    const common = { memoryBytes: 1000, usedBytes: 400, memoryLoadPercent: 12 };
    expect(gpuStatus(nvml)).toEqual({
      path: nvml[0],
      driverVersion: '0.0.simulated',
      devices: [
        {
          ...common,
          uuid: 'GPU-00000000-0000-0000-0000-000000000000',
          loadPercent: 37,
          temperatureC: 54,
          links: [true, true, true, false],
        },
        {
          ...common,
          uuid: 'GPU-00000000-0000-0000-0000-000000000001',
          loadPercent: 0,
          temperatureC: null,
          links: [],
        },
      ],
    });
  });

  test('knows the devices by the ids that the driver gives them', async () => {
    const { driver, nvml } = await simulatedLibraries();
    process.env.RK_SIM_DEVICES = '2';
    try {
      const devices = gpuDevices(driver);
      expect(devices.map(({ ordinal, peers }) => [ordinal, peers])).toEqual([
        [0, []],
        [1, [0]],
      ]);
      const status = gpuStatus(nvml).devices;
      expect(status.map(({ uuid }) => uuid)).toEqual(devices.map(({ uuid }) => uuid));
    } finally {
      delete process.env.RK_SIM_DEVICES;
    }
    expect(gpuDevices(driver)).toHaveLength(1);
  });

  test('fails in its own words', async () => {
    const { nvml } = await simulatedLibraries();
    for (const call of ['nvmlInit_v2', 'nvmlDeviceGetMemoryInfo']) {
      process.env.RK_SIM_FAIL = `${call}:15`;
      try {
        expect(() => gpuStatus(nvml)).toThrow(CudaDriverError);
        expect(() => gpuStatus(nvml)).toThrow(`${call}: GPU is lost (15)`);
      } finally {
        delete process.env.RK_SIM_FAIL;
      }
    }
  });

  test('that is not there, or lacks an entry, is a reason', () => {
    const ask = (): unknown => gpuStatus(['/nowhere/libnvidia-ml.so.1', 'libm.so.6']);
    expect(ask).toThrow(CudaUnavailableError);
    expect(ask).toThrow('/nowhere/libnvidia-ml.so.1: ');
    expect(ask).toThrow('libm.so.6: has no nvmlInit_v2');
  });
});

test('RK_CUDA_NVML names the library', () => {
  expect(systemLibraries({ RK_CUDA_NVML: '/mine.so' }).nvml).toEqual(['/mine.so']);
  expect(systemLibraries({}).nvml[0]).toBe('libnvidia-ml.so.1');
});
