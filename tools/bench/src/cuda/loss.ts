import type { Runtime } from '@ringkernel/runtime';
import { Sequence } from '../actors.ts';
import type { Bench, Row } from '../bench.ts';
import { cudaMissing, openCuda } from './device.ts';

const instances = 256;

/** Every instance gets 0, 1, 2 …, passes each number on to its neighbour, and counts what comes out of turn. */
async function sendAll(runtime: Runtime, perInstance: number): Promise<readonly Row[]> {
  const kernel = await runtime.launch(Sequence, { instances, queueCapacity: 4_096 });
  const targets = Array.from({ length: instances }, (_, i) => kernel.at(i));
  for (let number = 0; number < perInstance; number++) {
    for (const target of targets) {
      if (!target.trySend('FromHost', { number })) await target.send('FromHost', { number });
    }
  }
  await runtime.settled();
  const sums = { arrived: 0, passedOn: 0, outOfTurn: 0 };
  for (const target of targets) {
    const { fromHost, fromActor, outOfTurn } = await target.readState();
    sums.arrived += fromHost;
    sums.passedOn += fromActor;
    sums.outOfTurn += outOfTurn;
  }
  const sent = perInstance * instances;
  if (sums.arrived !== sent || sums.passedOn !== sent || sums.outOfTurn !== 0) {
    throw new Error(`of ${sent} messages to each end there were ${JSON.stringify(sums)}`);
  }
  const unit = 'messages';
  const none = (name: string, value: number): Row => ({
    name,
    value,
    unit,
    target: '0',
    met: value === 0,
  });
  return [
    { name: 'sent, host to actor and actor to actor', value: 2 * sent, unit },
    none('lost between host and actor', sent - sums.arrived),
    none('lost between actors', sums.arrived - sums.passedOn),
    none('out of turn or twice', sums.outOfTurn),
  ];
}

export const cudaLossBench: Bench = {
  name: 'cuda-loss',
  title: 'CUDA: nothing is lost, repeated or reordered (--messages N, 10 million by default)',
  missing: cudaMissing,
  async run(options) {
    const messages = options.messages ?? (options.quick ? 10_000 : 10_000_000);
    await using runtime = await openCuda(options, { messageSlots: 1 << 18 });
    return await sendAll(runtime, Math.ceil(messages / 2 / instances));
  },
};
