import { backend as cpu } from '@ringkernel/backend-cpu';
import type { BackendFactory, Device, DeviceKernel } from '@ringkernel/core';
import { createRuntime, InvalidOptionError } from '@ringkernel/runtime';
import { expect, test } from 'vitest';
import { expectNothingLost, Probe } from './actors.ts';

/** The CPU backend, refusing a message type with an error where the contract has a status. */
function refusing(name: string): BackendFactory {
  const wrapKernel = (kernel: DeviceKernel): DeviceKernel =>
    new Proxy(kernel, {
      get(target, key) {
        if (key === 'inject') {
          return (...args: Parameters<DeviceKernel['inject']>) => {
            if (args[1].name === name) throw new RangeError(`no ${name} here`);
            return target.inject(...args);
          };
        }
        const value: unknown = Reflect.get(target, key, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  const wrapDevice = (device: Device): Device =>
    new Proxy(device, {
      get(target, key) {
        if (key === 'launch') {
          return async (...args: Parameters<Device['launch']>) =>
            wrapKernel(await target.launch(...args));
        }
        const value: unknown = Reflect.get(target, key, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  return {
    name: 'refusing',
    probe: () => cpu.probe(),
    open: async (options) => wrapDevice(await cpu.open(options)),
  };
}

test('an error of the device reaches whoever sends, also from the line, and nobody else', async () => {
  await using runtime = await createRuntime({ backend: refusing('Echo') });
  const probe = await runtime.launch(Probe, { queueCapacity: 2, autoActivate: false });
  await expect(probe.call('Echo', { value: 1 })).rejects.toThrow('no Echo here');
  await expect(probe.send('Echo', { value: 1 })).rejects.toThrow(RangeError);
  await probe.sendBatch('Note', [{ value: 1 }, { value: 2 }]);
  const inLine = Promise.allSettled([
    probe.send('Note', { value: 3 }),
    probe.call('Echo', { value: 4 }),
  ]);
  await probe.activate();
  const [note, echo] = await inLine;
  expect(note?.status).toBe('fulfilled');
  expect(echo).toMatchObject({ status: 'rejected', reason: { message: 'no Echo here' } });
  await probe.send('Note', { value: 5 });
  await expectNothingLost(runtime);
  expect(probe.metrics()).toMatchObject({ handled: 4, waitingSenders: 0 });
});

test("what only the backend knows is checked by it, and a user's mistake is no reason to go on", async () => {
  const wrong = createRuntime({ backend: refusing('Echo'), backendOptions: { workers: 'many' } });
  await expect(wrong).rejects.toThrow(InvalidOptionError);
});
