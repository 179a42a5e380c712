import { parentPort, workerData } from 'node:worker_threads';
import { nsPer } from './measure.ts';
import { type EndTask, places, Sink, Source } from './queue-ends.ts';

/**
 * One thread of the queue bench. Each has one kind of atomics only, as a program has: an engine that has seen both
 * calls them more slowly. The roles that measure return nanoseconds per message.
 */
function run({ memory, kind, role, count, batch }: EndTask): number {
  const words = new Int32Array(memory.buffer);
  const otherReady = () => {
    while (Atomics.load(words, places.ready >>> 2) === 0);
  };
  const [to, from] =
    role === 'take' || role === 'echo' ? [places.back, places.there] : [places.there, places.back];
  const source = new Source(memory, to, kind);
  const sink = new Sink(memory, role === 'same' ? to : from, kind);
  const send = (first: number) => {
    for (let i = 0; i < batch; i++) source.send(first + i);
    source.producer.publish();
  };
  const warmUp = count / 4;
  let sum = 0;
  const timed = (pass: (total: number) => void): number => {
    pass(warmUp);
    return nsPer(count, pass);
  };
  switch (role) {
    case 'same':
      return timed((total) => {
        for (let n = 0; n < total; n += batch) {
          send(n);
          for (let i = 0; i < batch; i++) sum += sink.receive();
        }
      });
    case 'send':
      otherReady();
      return timed((total) => {
        for (let n = 0; n < total; n += batch) send(n);
        while (!source.producer.drained);
      });
    case 'ask':
      otherReady();
      return timed((total) => {
        for (let n = 0; n < total; n++) {
          send(n);
          sum += sink.receive();
        }
      });
    default:
      Atomics.store(words, places.ready >>> 2, 1);
      for (let n = 0; n < warmUp + count; n++) {
        // The sender looks whether all was taken at the end of the warm-up too.
        if (n === warmUp) sink.consumer.giveBack();
        sum += sink.receive();
        if (role === 'echo') send(n);
      }
      sink.consumer.giveBack();
      return sum;
  }
}

parentPort?.postMessage(run(workerData as EndTask));
