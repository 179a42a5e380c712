import { backend as cpu } from '@ringkernel/backend-cpu';
import {
  actor,
  ask,
  type BackendFactory,
  BackendUnavailableError,
  createRuntime,
  type DeviceInfo,
  f64,
  InvalidOptionError,
  MissingCapabilityError,
} from '@ringkernel/runtime';
import { describe, expect, test } from 'vitest';
import { Counter, expectNothingLost } from './actors.ts';

type DeviceOptions = Parameters<BackendFactory['open']>[0];

function info(id: string, kind: DeviceInfo['kind']): DeviceInfo {
  return {
    id,
    backend: 'acme',
    name: `Acme ${id}`,
    kind,
    memoryBytes: 1,
    computeUnits: 1,
    capabilities: [],
  };
}

/** A backend of somebody else that computes on the CPU, and remembers what it was opened with. */
function acme(
  devices: readonly DeviceInfo[],
): BackendFactory & { readonly opened: DeviceOptions[] } {
  const opened: DeviceOptions[] = [];
  return {
    name: 'acme',
    opened,
    probe: async () => ({ available: true, devices }),
    async open(options) {
      opened.push(options);
      return await cpu.open({ ...options, deviceId: 'cpu' });
    },
  };
}

async function errorOf(promise: Promise<unknown>): Promise<unknown> {
  return await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

async function refusalOf(backend: BackendFactory, device?: string) {
  const error = await errorOf(
    createRuntime({ backend, ...(device === undefined ? {} : { device }) }),
  );
  expect(error).toBeInstanceOf(BackendUnavailableError);
  const { wanted, refusals, cause, code, message } = error as BackendUnavailableError;
  expect({ wanted, code }).toEqual({ wanted: 'acme', code: 'RK_BACKEND_UNAVAILABLE' });
  expect(refusals).toHaveLength(1);
  expect(message).toContain(refusals[0]?.reason);
  return { ...refusals[0], cause };
}

test('a device can be named by the number that its driver gives it', async () => {
  const devices = [info('GPU-a', 'gpu'), info('GPU-b', 'gpu')];
  const backend = acme(devices.map((device, i) => ({ ...device, ordinal: i + 3 })));
  await (await createRuntime({ backend, device: 'acme:4' })).close();
  expect(backend.opened).toMatchObject([{ deviceId: 'GPU-b' }]);
  expect((await refusalOf(backend, 'acme:0')).reason).toContain("no device 'acme:0'");
  expect((await refusalOf(acme(devices), 'acme:undefined')).reason).toContain('no device');
});

describe('a backend by name', () => {
  test('auto takes the CPU where nothing else can be used, and says so', async () => {
    await using runtime = await createRuntime();
    // This workspace has all backends: on a machine with a GPU one of them is taken.
    if (runtime.backend !== 'cpu') return;
    expect(runtime.selection).toEqual([
      {
        backend: 'cuda',
        chosen: false,
        reason: expect.stringMatching(/driver|device/u),
        hint: expect.any(String),
      },
      {
        backend: 'webgpu',
        chosen: false,
        reason: expect.stringMatching(/Vulkan|adapter|software/u),
        hint: expect.any(String),
      },
      {
        backend: 'cpu',
        chosen: true,
        reason: 'the first that can be used',
        device: runtime.device,
      },
    ]);
    expect(runtime.backend).toBe('cpu');
    expect(runtime.device.computeUnits).toBeGreaterThan(0);
  });

  test('the CPU when it is asked for', async () => {
    await using runtime = await createRuntime({ backend: 'cpu', device: 'cpu' });
    const [first, ...others] = runtime.selection;
    expect(first).toMatchObject({ backend: 'cpu', chosen: true, reason: 'asked for' });
    expect(others).toEqual([
      { backend: 'cuda', chosen: false, reason: 'not needed: cpu was asked for' },
      { backend: 'webgpu', chosen: false, reason: 'not needed: cpu was asked for' },
    ]);
  });

  test('one that can not be used is an error, never another one', async () => {
    const error = await createRuntime({ backend: 'cuda' }).then(
      async (runtime) => await runtime.close(), // a machine with an NVIDIA GPU
      (reason: unknown) => reason,
    );
    if (error === undefined) return;
    expect(error).toBeInstanceOf(BackendUnavailableError);
    expect((error as BackendUnavailableError).refusals).toMatchObject([
      { backend: 'cuda', reason: expect.stringMatching(/driver|device/u) },
    ]);
  });

  test('a device that is not there is an error with those that are', async () => {
    const error = await errorOf(createRuntime({ device: 'gpu:7' }));
    expect(error).toBeInstanceOf(BackendUnavailableError);
    expect((error as BackendUnavailableError).refusals.at(-1)).toEqual({
      backend: 'cpu',
      reason: expect.stringMatching(/^no device 'gpu:7', there are: cpu \(.+\)$/),
    });
  });

  test.each([
    [{ backend: 'gpu' }, 'backend'],
    [{ backend: { name: 'half' } }, 'backend'],
    [{ backend: null }, 'backend'],
    [{ device: 7 }, 'device'],
    [{ schedule: 'sync' }, 'schedule'],
    [{ seed: -1 }, 'seed'],
    [{ seed: 0.5 }, 'seed'],
    [{ nodeId: 65_536 }, 'nodeId'],
    [{ deadLetterCapacity: -1 }, 'deadLetterCapacity'],
    [{ backendOptions: 3 }, 'backendOptions'],
    [{ backendOptions: { wrokers: 1 } }, 'wrokers'],
    [{ backendOptions: { workers: 0 } }, 'workers'],
    [{ bakend: 'cpu' }, 'bakend'],
  ])('%j is refused', async (options, option) => {
    const error = await errorOf(createRuntime(options as never));
    expect(error).toBeInstanceOf(InvalidOptionError);
    expect((error as InvalidOptionError).option).toBe(option);
  });
});

describe('a backend of somebody else', () => {
  test('runs actors, and gets every option', async () => {
    const backend = acme([info('one', 'gpu')]);
    const backendOptions = { workers: 2 };
    await using runtime = await createRuntime({
      backend,
      backendOptions,
      seed: 5,
      nodeId: 6,
      schedule: 'async',
    });
    expect(backend.opened).toEqual([
      {
        schedule: 'async',
        seed: 5,
        nodeId: 6,
        epochMs: expect.any(Number),
        backendOptions,
      },
    ]);
    expect(runtime.selection[0]).toMatchObject({ backend: 'acme', chosen: true });
    expect(runtime.selection.map(({ backend: name }) => name)).toEqual([
      'acme',
      'cuda',
      'webgpu',
      'cpu',
    ]);
    const counter = await runtime.launch(Counter);
    await counter.send('Add', { by: 3 });
    expect(await counter.call('Get', {})).toEqual({ count: 1, total: 3n });
    await expectNothingLost(runtime);
  });

  test('takes the device that is named, else the first that is no software', async () => {
    const backend = acme([info('soft', 'software'), info('a', 'gpu'), info('b', 'gpu')]);
    await (await createRuntime({ backend })).close();
    await (await createRuntime({ backend, device: 'b' })).close();
    await (await createRuntime({ backend, device: 'soft' })).close();
    await (await createRuntime({ backend, device: 'ACME B' })).close();
    expect(backend.opened.map(({ deviceId }) => deviceId)).toEqual(['a', 'b', 'soft', 'b']);
  });

  test('a processor is not named by a part of its name', async () => {
    expect(await refusalOf(acme([info('a', 'cpu')]), 'acme')).toMatchObject({
      reason: "no device 'acme', there are: a (Acme a)",
    });
  });

  test('opens its first device by itself', async () => {
    const backend = acme([info('a', 'gpu'), info('b', 'gpu')]);
    await (await createRuntime({ backend })).close();
    expect(backend.opened[0]).not.toHaveProperty('deviceId');
  });

  test('is refused when it has software only', async () => {
    expect(await refusalOf(acme([info('soft', 'software')]))).toMatchObject({
      reason: 'only software devices: Acme soft',
      hint: "pass device: 'soft' to use it all the same",
    });
  });

  test('is refused when it has no device, or not the one that is named', async () => {
    expect(await refusalOf(acme([]))).toMatchObject({ reason: 'no devices' });
    expect(await refusalOf(acme([]), 'x')).toMatchObject({
      reason: "no device 'x', there are: none",
    });
    expect(await refusalOf(acme([info('a', 'gpu')]), 'x')).toMatchObject({
      reason: "no device 'x', there are: a (Acme a)",
    });
  });

  test('is refused with what its probe says', async () => {
    const probe: BackendFactory['probe'] = async () => ({
      available: false,
      code: 'ACME_NO_DRIVER',
      reason: 'no Acme driver',
      hint: 'install acme-driver',
    });
    expect(await refusalOf({ ...acme([]), probe })).toMatchObject({
      backend: 'acme',
      reason: 'no Acme driver',
      hint: 'install acme-driver',
    });
  });

  test('is refused when its probe throws, against the contract', async () => {
    const rejects = { ...acme([]), probe: () => Promise.reject(new Error('boom')) };
    expect(await refusalOf(rejects)).toMatchObject({ reason: 'probe failed: boom' });
    const throws = {
      ...acme([]),
      probe: () => {
        throw 'no error object';
      },
    };
    expect(await refusalOf(throws)).toMatchObject({ reason: 'probe failed: no error object' });
  });

  test('is refused when it opens with another schedule than the one that is asked for', async () => {
    const backend: BackendFactory = {
      ...acme([info('a', 'gpu')]),
      open: () => cpu.open({ schedule: 'async' }),
    };
    const error = await errorOf(createRuntime({ backend, schedule: 'lockstep' }));
    expect(error).toBeInstanceOf(BackendUnavailableError);
    expect((error as BackendUnavailableError).refusals[0]?.reason).toBe(
      "open failed: wanted the schedule 'lockstep', found 'async'",
    );
  });

  test('is refused when it does not open, with the cause', async () => {
    const cause = new Error('out of memory');
    const backend = { ...acme([info('a', 'gpu')]), open: () => Promise.reject(cause) };
    expect(await refusalOf(backend)).toMatchObject({ reason: 'open failed: out of memory', cause });
  });
});

test('an actor that computes with f64 is refused where the device has none', async () => {
  const Precise = actor('Precise', {
    state: { total: f64, kept: f64 },
    messages: { Add: ask({ by: f64 }, { total: f64 }) },
    on: {
      Add(ctx, m) {
        ctx.state.total += m.by;
        ctx.reply({ total: ctx.state.total });
      },
    },
  });
  const backend = {
    ...acme([info('small', 'gpu')]),
    async open(options: DeviceOptions) {
      const device = await cpu.open({ ...options, deviceId: 'cpu' });
      return new Proxy(device, {
        get(target, key) {
          if (key === 'info') return info('small', 'gpu');
          const value: unknown = Reflect.get(target, key, target);
          return typeof value === 'function' ? value.bind(target) : value;
        },
      });
    },
  };
  await using runtime = await createRuntime({ backend });
  const error = await errorOf(runtime.launch(Precise));
  expect(error).toBeInstanceOf(MissingCapabilityError);
  expect(error).toMatchObject({
    code: 'RK_CAPABILITY',
    actor: 'Precise',
    deviceId: 'small',
    missing: ['f64'],
    message: expect.stringContaining("Precise needs f64, which 'small' does not have"),
  });
  await runtime.launch(Counter);
  await using whole = await createRuntime({ backend: 'cpu' });
  const precise = await whole.launch(Precise);
  expect((await precise.call('Add', { by: 0.1 })).total).toBe(0.1);
});
