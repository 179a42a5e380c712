import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import {
  codecOf,
  createRecordRing,
  f64,
  layoutOf,
  MessageQueue,
  type SharedMemory,
} from '@ringkernel/core';
import { type Bench, beside, plain, type Row } from './bench.ts';
import { interleaved, nsPer, type Variant } from './measure.ts';
import { capacity, type EndTask, type Kind, places } from './queue-ends.ts';

const batches = [1, 16, 64] as const;
const kinds = ['javascript', 'webassembly'] as const;

interface Engine {
  readonly Memory: new (limits: object) => SharedMemory;
}

/** Fresh rings in a shared WebAssembly memory, which both kinds of atomics can use. */
function rings(): SharedMemory {
  const { Memory } = (globalThis as unknown as { readonly WebAssembly: Engine }).WebAssembly;
  const pages = Math.ceil(places.sizeBytes / 65_536);
  const memory = new Memory({ initial: pages, maximum: pages, shared: true });
  for (const at of [places.there, places.back]) createRecordRing(memory.buffer, at, capacity);
  return memory;
}

/** Runs one task in a thread of its own; what it returns. */
async function inThread(task: EndTask): Promise<number> {
  const url = new URL('./queue-thread.js', import.meta.url);
  const worker = new Worker(url, { workerData: task });
  try {
    return await new Promise((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
  } finally {
    await worker.terminate();
  }
}

function sameThread(kind: Kind, batch: number, count: number): Variant {
  return () => inThread({ memory: rings(), kind, role: 'same', count, batch });
}

/** Two threads, of which the first one measures. */
async function inThreads(task: EndTask, other: EndTask['role']): Promise<number> {
  const [ns] = await Promise.all([inThread(task), inThread({ ...task, role: other })]);
  return ns;
}

function stream(kind: Kind, batch: number, count: number): Variant {
  return () => inThreads({ memory: rings(), kind, role: 'send', count, batch }, 'take');
}

function roundTrip(kind: Kind, count: number): Variant {
  return () => inThreads({ memory: rings(), kind, role: 'ask', count, batch: 1 }, 'echo');
}

/** The queue for users: a codec with seven doubles, both ends on this thread. */
function messageQueue(batch: number, count: number): Variant {
  const fields = { a: f64, b: f64, c: f64, d: f64, e: f64, f: f64, g: f64 };
  const codec = codecOf(layoutOf(fields));
  const queue = MessageQueue.create({ messageBytes: codec.size, capacity });
  const [sender, receiver] = [queue.sender({ codec }), queue.receiver({ codec })];
  const messages = Array.from({ length: batch }, (_, i) => {
    return { a: i, b: i, c: i, d: i, e: i, f: i, g: i };
  });
  const [first] = messages as [(typeof messages)[number]];
  return () =>
    nsPer(count, (total) => {
      for (let n = 0; n < total; n += batch) {
        if (batch === 1) {
          sender.tryEnqueue(first);
          receiver.tryDequeue();
        } else {
          sender.enqueueMany(messages);
          receiver.dequeueMany(batch);
        }
      }
    });
}

/** The C++ peer, compiled on the spot; undefined where there is no g++. */
function compiledPeer(folder: string): string | undefined {
  const binary = join(folder, 'ring');
  const source = fileURLToPath(new URL('../peers/ring.cpp', import.meta.url));
  try {
    const flags = ['-std=c++17', '-O3', '-march=native', '-pthread', '-o', binary, source];
    execFileSync('g++', flags, { stdio: 'ignore' });
    return binary;
  } catch {
    return undefined;
  }
}

/** What is measured: a variant for each mode and, where there is one, the peer's name. */
function variants(count: number, peer: string | undefined): Record<string, Variant> {
  const trips = Math.ceil(count / 10);
  const made: Record<string, Variant> = {};
  const cpp = (mode: string, batch: number, total: number) => {
    if (peer === undefined) return;
    made[`C++ ${named(mode, batch)}`] = () =>
      Number(execFileSync(peer, [mode, String(batch), String(total)], { encoding: 'utf8' }));
  };
  for (const batch of batches) {
    cpp('same', batch, count);
    for (const kind of kinds) {
      made[`${kind} ${named('same', batch)}`] = sameThread(kind, batch, count);
    }
  }
  for (const batch of batches) {
    cpp('stream', batch, count);
    for (const kind of kinds) {
      made[`${kind} ${named('stream', batch)}`] = stream(kind, batch, count);
    }
  }
  cpp('trip', 1, trips);
  for (const kind of kinds) made[`${kind} ${named('trip', 1)}`] = roundTrip(kind, trips);
  for (const batch of [1, 16]) {
    made[`MessageQueue ${named('same', batch)}`] = messageQueue(batch, count);
  }
  return made;
}

function named(mode: string, batch: number): string {
  if (mode === 'trip') return 'round trip';
  return `${mode === 'same' ? 'one thread' : 'two threads'}, batches of ${batch}`;
}

/** The bars of docs/queues.md, for the atomics of choice. */
function target(name: string): number | undefined {
  if (name === 'webassembly round trip') return 1.25;
  return name === 'webassembly two threads, batches of 64' ? 2.2 : undefined;
}

export const queueBench: Bench = {
  name: 'queue',
  title: '64-byte messages through a record ring, beside the same ring in C++',
  async run({ quick }) {
    const folder = mkdtempSync(join(tmpdir(), 'ringkernel-bench-'));
    try {
      const peer = compiledPeer(folder);
      const count = quick ? 6_400 : 1_600_000;
      const medians = await interleaved(variants(count, peer), quick ? 1 : 7);
      return Object.keys(medians).map((name): Row => {
        const cpp = `C++ ${name.slice(name.indexOf(' ') + 1)}`;
        if (name.startsWith('C++') || medians[cpp] === undefined) return plain(medians, name, 'ns');
        return beside(medians, name, cpp, 'ns', target(name));
      });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
