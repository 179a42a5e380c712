import {
  actor,
  ask,
  createRuntime,
  HandlerFaultError,
  InvalidOptionError,
  KernelFailedError,
  KernelTerminatedError,
  type Runtime,
  SchemaError,
  UndeliveredError,
  u32,
} from '@ringkernel/runtime';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Counter, expectNothingLost, Probe } from './actors.ts';

const Dirty = actor('Dirty', {
  state: { value: u32 },
  messages: { Set: ask({ value: u32, code: u32 }, {}) },
  on: {
    Set(ctx, m) {
      ctx.state.value = m.value;
      if (m.code !== 0) ctx.fail(m.code);
      ctx.reply({});
    },
  },
});

describe('restart', () => {
  let runtime: Runtime;
  beforeEach(async () => {
    runtime = await createRuntime({ backend: 'cpu', backendOptions: { workers: 2 } });
  });
  afterEach(async () => {
    await expectNothingLost(runtime);
    await runtime.close();
  });

  test('a failed kernel takes messages again, and can be received from', async () => {
    const probe = await runtime.launch(Probe);
    await expect(probe.call('Fail', { code: 1 })).rejects.toThrow(HandlerFaultError);
    expect(probe.state).toBe('failed');
    await expect(probe.send('Note', { value: 1 })).rejects.toThrow(KernelFailedError);
    await probe.restart();
    expect([probe.state, probe.status().failedInstances]).toEqual(['active', 0]);
    await probe.send('Tell', { count: 1, base: 9 });
    expect(await probe.receive('Told')).toMatchObject({ value: 9 });
  });

  test('from a state that is given', async () => {
    const counters = await runtime.launch(Counter, { instances: 4 });
    await counters.at(2).restart({ state: { count: 7, total: 2n ** 40n } });
    await counters.at(2).send('Add', { by: 1 });
    expect(await counters.at(2).call('Get', {})).toEqual({ count: 8, total: 2n ** 40n + 1n });
    expect(await counters.at(3).readState()).toEqual({ count: 0, total: 0n });
  });

  test('onFailure: what waits for a failed instance is buried, or waits for the restart', async () => {
    const outcome = async (onFailure: 'dead-letter' | 'wait') => {
      const probe = await runtime.launch(Probe, { id: onFailure, instances: 2, onFailure });
      await expect(probe.call('Fail', { code: 1 })).rejects.toThrow(HandlerFaultError);
      const call = probe.call('Echo', { value: 5 }).catch((e: unknown) => e);
      await runtime.settled();
      await probe.restart();
      return await call;
    };
    expect(await outcome('dead-letter')).toBeInstanceOf(UndeliveredError);
    expect(await outcome('wait')).toEqual({ value: 5, index: 0, seen: 1 });
  });

  test('rollback: a handler that faults leaves no trace in the state', async () => {
    const states = [];
    for (const rollback of [false, true]) {
      const dirty = await runtime.launch(Dirty, { id: `${rollback}`, rollback, instances: 2 });
      await dirty.send('Set', { value: 1, code: 0 });
      await expect(dirty.call('Set', { value: 2, code: 5 })).rejects.toThrow(HandlerFaultError);
      states.push(await dirty.readState());
    }
    expect(states).toEqual([{ value: 2 }, { value: 1 }]);
    await expect(runtime.launch(Dirty, { rollback: 1 as never })).rejects.toThrow('rollback');
  });

  test('what does not fit is refused', async () => {
    const counter = await runtime.launch(Counter);
    const state = { count: -1, total: 0n };
    await expect(counter.restart({ state })).rejects.toThrow(SchemaError);
    await expect(counter.restart({ stat: 1 } as never)).rejects.toThrow(InvalidOptionError);
    const onFailure = 'retry' as never;
    await expect(runtime.launch(Probe, { onFailure })).rejects.toThrow(InvalidOptionError);
    await counter.terminate();
    await expect(counter.restart()).rejects.toThrow(KernelTerminatedError);
  });
});
