import { createRuntime, InvalidOptionError, type Runtime } from '@ringkernel/runtime';
import { expect, test } from 'vitest';
import { expectNothingLost, Probe } from './actors.ts';

const lockstep = (workers: number): Promise<Runtime> =>
  createRuntime({ backend: 'cpu', schedule: 'lockstep', backendOptions: { workers } });

test('a round handles what was sent before it, and no more', async () => {
  await using runtime = await lockstep(2);
  expect(runtime.schedule).toBe('lockstep');
  const probes = await runtime.launch(Probe, { instances: 2 });
  await probes.send('Forward', { to: probes.at(1).address, value: 1 });
  await probes.send('Tell', { count: 1, base: 5 });
  expect(probes.metrics().handled).toBe(0);
  await runtime.step();
  expect(probes.metrics()).toMatchObject({ handled: 2, pending: 1 });
  expect(probes.tryReceive()).toMatchObject({ value: 5, hlc: 1n << 12n });
  await runtime.step(3);
  expect(probes.metrics()).toMatchObject({ handled: 3, pending: 0 });
  await expectNothingLost(runtime);
});

test('a call is answered by the step that handles it', async () => {
  await using runtime = await lockstep(1);
  const probe = await runtime.launch(Probe);
  const call = probe.call('Echo', { value: 3 });
  await runtime.step(1);
  expect(await call).toEqual({ value: 3, index: 0, seen: 1 });
});

test('deadlines count rounds', async () => {
  await using runtime = await lockstep(2);
  const probe = await runtime.launch(Probe, { autoActivate: false });
  await runtime.step(5);
  const calls = [0, 1, 2].map((deadlineMs) =>
    probe.call('Echo', { value: deadlineMs }, { deadlineMs }).catch((error: unknown) => error),
  );
  await runtime.step(1);
  await probe.activate();
  await runtime.step(1);
  const outcomes = await Promise.all(calls);
  expect(outcomes[0]).toMatchObject({ reason: 'expired' });
  expect(outcomes[1]).toMatchObject({ reason: 'expired' });
  expect(outcomes[2]).toMatchObject({ value: 2 });
  await expectNothingLost(runtime);
});

test('a number of rounds', async () => {
  await using runtime = await lockstep(1);
  for (const rounds of [0, -1, 1.5]) {
    await expect(runtime.step(rounds)).rejects.toThrow(InvalidOptionError);
  }
});
