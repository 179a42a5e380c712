import {
  CancelledError,
  createRuntime,
  FeedOverflowError,
  InvalidOptionError,
  KernelTerminatedError,
  NameNotFoundError,
  NameTakenError,
  type RegistryEvent,
  type Runtime,
} from '@ringkernel/runtime';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Counter, Probe } from './actors.ts';

describe('the registry', () => {
  let runtime: Runtime;
  beforeEach(async () => {
    runtime = await createRuntime({ backend: 'cpu', backendOptions: { workers: 1 } });
  });
  afterEach(() => runtime.close());

  const names = (events: readonly RegistryEvent[]) =>
    events.map(({ kind, name }) => `${kind} ${name}`);

  test('a kernel is in it from its launch to its end', async () => {
    const counter = await runtime.launch(Counter, { id: 'a/counter', tags: ['hot', 'sum'] });
    expect(runtime.registry.entry('a/counter')).toEqual({
      name: 'a/counter',
      tags: ['hot', 'sum'],
      handle: counter,
    });
    await counter.terminate();
    expect(runtime.registry.names).toEqual([]);
    await runtime.launch(Counter, { id: 'a/counter' });
    expect(runtime.registry.names).toEqual(['a/counter']);
  });

  test('what is found by name can be called, with its types', async () => {
    const counters = await runtime.launch(Counter, { instances: 10 });
    runtime.registry.register('the/seventh', counters.at(7));
    const seventh = runtime.registry.lookup('the/seventh', Counter);
    await seventh.send('Add', { by: 5 });
    expect(await counters.at(7).call('Get', {})).toEqual({ count: 1, total: 5n });
    expect(seventh.index).toBe(7);
    await counters.terminate();
    expect(runtime.registry.names).toEqual([]);
  });

  test('names are unique, and checked', async () => {
    const counter = await runtime.launch(Counter);
    expect(() => runtime.registry.register('Counter', counter)).toThrow(NameTakenError);
    expect(() => runtime.registry.register('', counter)).toThrow(InvalidOptionError);
    const id = 'Counter' as unknown as typeof counter;
    expect(() => runtime.registry.register('x', id)).toThrow(InvalidOptionError);
    const tags = 'hot' as unknown as string[];
    expect(() => runtime.registry.register('x', counter, { tags })).toThrow(InvalidOptionError);
    expect(() => runtime.registry.lookup('Counted')).toThrow(NameNotFoundError);
    expect(() => runtime.registry.lookup('Counted')).toThrow("is it 'Counter'?");
    expect(() => runtime.registry.lookup('Counter', Probe)).toThrow(InvalidOptionError);
    await counter.terminate();
    expect(() => runtime.registry.register('late', counter)).toThrow(KernelTerminatedError);
  });

  test('a kernel can not take a name that somebody has', async () => {
    const counter = await runtime.launch(Counter);
    runtime.registry.register('mine', counter);
    await expect(runtime.launch(Probe, { id: 'mine' })).rejects.toThrow(NameTakenError);
    const launch = runtime.launch(Probe, { id: 'other' });
    runtime.registry.register('other', counter);
    await expect(launch).rejects.toThrow(NameTakenError);
    expect(runtime.kernelIds).toEqual(['Counter']);
    expect(runtime.registry.unregister('mine')).toBe(true);
    expect(runtime.registry.unregister('mine')).toBe(false);
    await runtime.launch(Probe, { id: 'mine' });
  });

  test('patterns and tags', async () => {
    const probe = await runtime.launch(Probe);
    const register = (name: string, ...tags: string[]) =>
      runtime.registry.register(name, probe, { tags });
    register('eu/berlin/t1', 'warm');
    register('eu/berlin/t2', 'warm', 'old');
    register('eu/rome/t1', 'old');
    register('us/t1');
    const found = (query: object) => runtime.registry.find(query).map(({ name }) => name);
    expect(found({ pattern: 'eu/*/t1' })).toEqual(['eu/berlin/t1', 'eu/rome/t1']);
    expect(found({ pattern: 'eu/*' })).toEqual([]);
    expect(found({ pattern: 'eu/**' })).toEqual(['eu/berlin/t1', 'eu/berlin/t2', 'eu/rome/t1']);
    expect(found({ pattern: '**/t?' })).toHaveLength(4);
    expect(found({ pattern: '??/t1' })).toEqual(['us/t1']);
    expect(found({ pattern: 'eu.berlin.t1' })).toEqual([]);
    expect(found({ tags: ['old'] })).toEqual(['eu/berlin/t2', 'eu/rome/t1']);
    expect(found({ tags: ['old', 'warm'] })).toEqual(['eu/berlin/t2']);
    expect(found({ pattern: 'eu/rome/*', tags: ['warm'] })).toEqual([]);
    expect(found({})).toHaveLength(5);
    expect(() => found({ patern: 'x' })).toThrow(InvalidOptionError);
  });

  test('a watch gives what there is, then what comes and goes', async () => {
    await runtime.launch(Counter, { id: 'w/1' });
    const seen: RegistryEvent[] = [];
    const watch = runtime.registry.watch({ pattern: 'w/*' });
    const watching = (async () => {
      for await (const event of watch) seen.push(event);
    })();
    const second = await runtime.launch(Counter, { id: 'w/2' });
    await runtime.launch(Counter, { id: 'elsewhere' });
    await second.terminate();
    runtime.registry.unregister('w/1');
    await expect.poll(() => seen.length).toBe(4);
    expect(names(seen)).toEqual(['added w/1', 'added w/2', 'removed w/2', 'removed w/1']);
    expect(seen[1]?.handle).toBe(second);
    await runtime.close();
    await watching;
  });

  test('a watch ends with its loop, its signal, or the runtime', async () => {
    const counter = await runtime.launch(Counter);
    for await (const { name } of runtime.registry.watch()) {
      expect(name).toBe('Counter');
      break;
    }
    const stop = new AbortController();
    const aborted = runtime.registry.watch({ pattern: 'x', signal: stop.signal });
    const next = aborted.next();
    stop.abort();
    await expect(next).rejects.toThrow(CancelledError);
    runtime.registry.register('x', counter);
    expect(await aborted.next()).toEqual({ done: true, value: undefined });
    const late = runtime.registry.watch({ signal: stop.signal });
    await expect(late.next()).rejects.toThrow(CancelledError);
    const last = runtime.registry.watch({ pattern: 'y' }).next();
    await runtime.close();
    expect(await last).toEqual({ done: true, value: undefined });
  });

  test('a watcher who is far behind is told so', async () => {
    const counter = await runtime.launch(Counter);
    const watch = runtime.registry.watch({ pattern: 'n/*' });
    for (let i = 0; i < 5_001; i++) {
      runtime.registry.register(`n/${i}`, counter);
      runtime.registry.unregister(`n/${i}`);
    }
    let seen = 0;
    const loop = (async () => {
      for await (const _ of watch) seen++;
    })();
    await expect(loop).rejects.toThrow(FeedOverflowError);
    expect(seen).toBe(10_000);
  });
});
