import { copyStates, simulatedBackend, stateCopyCounts } from '@ringkernel/backend-cuda';
import { compile } from '@ringkernel/compiler';
import { actor, array, type Device, type DeviceKernel, u32 } from '@ringkernel/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { noSimulation } from './simulation.ts';

const Table = actor('CudaTable', {
  state: { xs: array(u32, 37) },
  messages: { Fill: {} },
  on: {
    Fill(ctx) {
      for (let i = 0; i < 37; i++) ctx.state.xs[i] = ctx.index * 1000 + i;
    },
  },
});
const Other = actor('CudaOtherTable', {
  state: { xs: array(u32, 37) },
  messages: { Fill: {} },
  on: { Fill() {} },
});
const image = compile(Table);
const instances = 50;
const sink = { message: () => {}, deadLetter: () => {}, fault: () => {} };

/** Two devices, of which `cuda:1` reaches the memory of `cuda:0`, and not the other way round. */
describe.skipIf(noSimulation !== null)('several GPUs', () => {
  const devices: Device[] = [];

  beforeEach(() => {
    process.env.RK_SIM_DEVICES = '2';
  });
  afterEach(async () => {
    delete process.env.RK_SIM_FAIL;
    await Promise.all(devices.splice(0).map((device) => device.close()));
    delete process.env.RK_SIM_DEVICES;
  });

  async function open(deviceId: string): Promise<Device> {
    const device = await simulatedBackend.open({ deviceId, backendOptions: { workers: 1 } });
    device.ref();
    devices.push(device);
    return device;
  }

  function launch(device: Device, what = image, count = instances): Promise<DeviceKernel> {
    const options = { id: what.name, queueCapacity: 16, onFull: 'wait', baseAddress: 64 } as const;
    return device.launch(what, { ...options, instances: count }, sink);
  }

  /** A kernel of which every instance has other numbers in its state. */
  async function filled(device: Device): Promise<DeviceKernel> {
    const kernel = await launch(device);
    await kernel.activate();
    const [fill] = image.messages;
    if (fill === undefined) throw new Error('no message');
    const plain = {
      priority: 1,
      wantsReply: false,
      correlationLow: 0,
      correlationHigh: 0,
    } as const;
    for (let i = 0; i < instances; i++) {
      kernel.inject(i, fill, () => {}, {}, { ...plain, deadlineMs: 0 });
    }
    await device.settled();
    return kernel;
  }

  const statesOf = (kernel: DeviceKernel): Promise<Uint8Array[]> =>
    Promise.all(Array.from({ length: instances }, (_, i) => kernel.readState(i)));

  const bytes = instances * 160; // 37 numbers, rounded up to 16 bytes

  test('are chosen by their ids, and by the ordinals of the driver', async () => {
    const probed = await simulatedBackend.probe();
    if (!probed.available) throw new Error(probed.reason);
    const ids = probed.devices.map(({ id, ordinal }) => [id, ordinal]);
    expect(ids).toEqual([
      ['cuda:simulated', 0],
      ['cuda:simulated:1', 1],
    ]);
    expect((await open('cuda:simulated:1')).info.ordinal).toBe(1);
    expect((await open('cuda:1')).info.id).toBe('cuda:simulated:1');
    expect((await open('cuda:0')).info.id).toBe('cuda:simulated');
    await expect(open('cuda:2')).rejects.toMatchObject({ code: 'RK_INVALID_OPTION' });
  }, 120_000);

  test('give states to each other directly where one reaches the other', async () => {
    const [zero, one] = [await open('cuda:0'), await open('cuda:1')];
    const [from, to] = [await filled(zero), await launch(one)];
    const before = stateCopyCounts();
    expect(await copyStates(from, to)).toEqual({ via: 'peer', reason: null, bytes });
    expect(await copyStates(from, to)).toMatchObject({ via: 'peer' }); // access is there already
    expect(await statesOf(to)).toEqual(await statesOf(from));
    expect((await to.readState(7))[0]).toBe(7000 & 255);
    const { peer, host, bytes: sum } = stateCopyCounts();
    expect([peer - before.peer, host - before.host, sum - before.bytes]).toEqual([2, 0, 2 * bytes]);
  }, 120_000);

  test('give them through the host where none does, or the driver refuses', async () => {
    const [zero, one] = [await open('cuda:0'), await open('cuda:1')];
    const [from, back] = [await filled(one), await launch(zero)];
    const before = stateCopyCounts();
    const reason = "device 0 can't reach the memory of device 1";
    expect(await copyStates(from, back)).toEqual({ via: 'host', reason, bytes });
    expect(await statesOf(back)).toEqual(await statesOf(from));
    const other = await launch(one);
    for (const [call, name] of [
      ['cuMemcpyPeerAsync:217', 'cuMemcpyPeerAsync: CUDA_ERROR_PEER_ACCESS_UNSUPPORTED'],
      ['cuCtxEnablePeerAccess:217', 'cuCtxEnablePeerAccess: CUDA_ERROR_PEER_ACCESS_UNSUPPORTED'],
    ] as const) {
      process.env.RK_SIM_FAIL = call;
      const refused = expect.stringContaining(name);
      expect(await copyStates(back, other)).toEqual({ via: 'host', reason: refused, bytes });
    }
    expect(await statesOf(other)).toEqual(await statesOf(from));
    expect(stateCopyCounts().host - before.host).toBe(3);
    expect(stateCopyCounts().peer).toBe(before.peer);
  }, 120_000);

  test('go on while states are copied both ways at once, also within one device', async () => {
    const [zero, one] = [await open('cuda:0'), await open('cuda:1')];
    const [a, b, c] = [await filled(zero), await filled(one), await launch(zero)];
    const copies = [copyStates(a, b), copyStates(b, a), copyStates(a, c), copyStates(b, c)];
    const vias = (await Promise.all(copies)).map(({ via }) => via);
    expect(vias).toEqual(['peer', 'host', 'peer', 'host']);
    expect(await statesOf(c)).toEqual(await statesOf(a));
  }, 120_000);

  test('refuse kernels that do not match, or have ended', async () => {
    const zero = await open('cuda:0');
    const [table, fewer, other] = [
      await launch(zero),
      await launch(zero, image, 3),
      await launch(zero, compile(Other)),
    ];
    for (const wrong of [fewer, other, {} as DeviceKernel]) {
      await expect(copyStates(table, wrong)).rejects.toMatchObject({ code: 'RK_INVALID_OPTION' });
    }
    const ended = await launch(zero);
    await ended.terminate(0);
    await expect(copyStates(table, ended)).rejects.toMatchObject({ code: 'RK_KERNEL_TERMINATED' });
  }, 120_000);
});
