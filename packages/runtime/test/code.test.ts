import { createRuntime } from '@ringkernel/runtime';
import { expect, test } from 'vitest';
import { Counter } from './actors.ts';

test.each(['javascript', 'webassembly'])(
  'telemetry tells that handlers run as %s',
  async (form) => {
    const options = { workers: 1, code: form };
    await using runtime = await createRuntime({ backend: 'cpu', backendOptions: options });
    const counter = await runtime.launch(Counter, { id: 'counter' });
    const code = { form, reason: `the option code is '${form}'` };
    expect(runtime.telemetry('counter').code).toEqual(code);
    await counter.at(0).send('Add', { by: 40 });
    await counter.at(0).send('Add', { by: 2 });
    expect(await counter.at(0).call('Get', {})).toEqual({ count: 2, total: 42n });
  },
);
