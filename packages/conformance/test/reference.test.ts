import {
  allCases,
  groups,
  ReferenceDevice,
  runCase,
  runConformance,
  skipReason,
} from '@ringkernel/conformance';
import type { BackendFactory, Device, DeviceMessage, KernelSink } from '@ringkernel/core';
import { describe, expect, test } from 'vitest';

/** A backend made of the reference machine, with `spoil` applied to each device. */
function referenceBackend(spoil: (device: Device) => Device = (d) => d): BackendFactory {
  return {
    name: 'reference',
    probe: async () => ({ available: true, devices: [new ReferenceDevice().info] }),
    open: async (options) => spoil(new ReferenceDevice(options)),
  };
}

const rounds = allCases.filter((c) => c.schedule === 'lockstep');

describe('the reference machine', () => {
  for (const one of rounds) {
    test(`${one.group}: ${one.name}`, () => runCase(referenceBackend(), one));
  }
});

/** Wraps the sinks of a device, so that something goes wrong on the way to the host. */
function spoiled(device: Device, spoil: (sink: KernelSink) => KernelSink): Device {
  return new Proxy(device, {
    get(target, name) {
      if (name === 'launch') {
        const launch: Device['launch'] = (image, options, sink) =>
          target.launch(image, options, spoil(sink));
        return launch;
      }
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

const spoilers: Record<string, (sink: KernelSink) => KernelSink> = {
  'loses a message now and then': (sink) => {
    let count = 0;
    return { ...sink, message: (m) => void (++count % 7 !== 0 && sink.message(m)) };
  },
  'delivers twice': (sink) => {
    const twice = (m: DeviceMessage) => {
      sink.message(m);
      sink.message(m);
    };
    return { ...sink, message: twice };
  },
  'swallows dead letters': (sink) => ({ ...sink, deadLetter: () => {} }),
  'swallows faults': (sink) => ({ ...sink, fault: () => {} }),
  'flips a bit of the payload': (sink) => ({
    ...sink,
    message: (m) => {
      if (m.byteLength > 0) m.view.setUint8(m.byteOffset, m.view.getUint8(m.byteOffset) ^ 1);
      sink.message(m);
    },
  }),
  'names the wrong instance': (sink) => ({
    ...sink,
    message: (m) => sink.message({ ...m, instance: m.instance + 1 }),
  }),
};

describe('a backend that', () => {
  for (const [what, spoil] of Object.entries(spoilers)) {
    test(`${what} does not pass`, async () => {
      const factory = referenceBackend((device) => spoiled(device, spoil));
      const results = await Promise.allSettled(rounds.map((c) => runCase(factory, c)));
      expect(results.some((r) => r.status === 'rejected')).toBe(true);
    });
  }
});

test('a case that needs what the device lacks is skipped with the reason', () => {
  const needs = allCases.find((c) => c.requires?.includes('f64'));
  const info = { ...new ReferenceDevice().info, name: 'small', capabilities: [] };
  expect(needs && skipReason(needs, info)).toBe('small lacks f64');
});

test('a backend that is not there is skipped with its reason', async () => {
  const absent: BackendFactory = {
    name: 'absent',
    probe: async () => ({ available: false, code: 'RK_NONE', reason: 'no such hardware' }),
    open: () => Promise.reject(new Error('not opened')),
  };
  const report = await runConformance(absent, { group: 'state' });
  expect(report).toMatchObject({ device: null, passed: 0, failed: 0 });
  expect(report.outcomes.every((o) => o.reason === 'no such hardware')).toBe(true);
});

test('every group has cases and the report counts them', async () => {
  const report = await runConformance(referenceBackend(), { group: 'numbers' });
  expect(report.groups.numbers).toEqual({ passed: report.passed, failed: 0, skipped: 0 });
  expect(groups.filter((g) => !allCases.some((c) => c.group === g))).toEqual([]);
});
