// One end of a ring or a queue in a thread of its own; run by queue-threads.test.ts.
import { parentPort, workerData } from 'node:worker_threads';
import {
  javascriptAtomics,
  MessageQueue,
  messageHeader,
  openAtomicWords,
  RecordConsumer,
  RecordProducer,
  recordSlots,
} from '@ringkernel/core';

const { role, memory } = workerData;

function atomics(kind) {
  return kind === 'webassembly' ? openAtomicWords(memory) : javascriptAtomics(memory.buffer);
}

/** Gives the other threads the core when nothing moves: there may be fewer cores than threads. */
class Patience {
  #nap = new Int32Array(new SharedArrayBuffer(4));
  #misses = 0;
  miss() {
    this.#misses++;
    if (this.#misses % 256 === 0) Atomics.wait(this.#nap, 0, 0, 0.05);
  }
}

/** Pseudo-random 32 bits (xorshift), the same on both sides. */
function next(state) {
  let x = state;
  x ^= x << 13;
  x ^= x >>> 17;
  x ^= x << 5;
  return x;
}

/** Records with payloads of 0 to 300 bytes that follow from the lane's seed; sum of all words. */
function produce() {
  const { rings, lane, count, kinds } = workerData;
  const producer = new RecordProducer(memory, rings[lane], atomics(kinds[0]));
  const words = new Int32Array(memory.buffer);
  const patience = new Patience();
  let state = lane + 1;
  let sum = 0;
  for (let n = 0; n < count; n++) {
    state = next(state);
    const payloadBytes = (state >>> 8) % 301;
    const slots = recordSlots(payloadBytes);
    let offset = producer.claim(slots);
    while (offset < 0) {
      producer.publish();
      patience.miss();
      offset = producer.claim(slots);
    }
    const at = offset >>> 2;
    for (let i = 0; i < slots * 16; i++) {
      words[at + i] = state + i;
      sum = (sum + state + i) | 0;
    }
    words[at + messageHeader.payloadBytesWord] = payloadBytes;
    words[at + messageHeader.flagsWord] = lane;
    words[at] = n;
    if ((state & 31) === 0) producer.publish();
  }
  producer.publish();
  return { sum, kind: producer.atomics.kind };
}

/** Takes from all lanes in turn and checks every word. */
function consume() {
  const { rings, count, kinds } = workerData;
  const consumers = rings.map((at) => new RecordConsumer(memory, at, atomics(kinds[1])));
  const words = new Int32Array(memory.buffer);
  const patience = new Patience();
  const states = rings.map((_, lane) => lane + 1);
  const taken = rings.map(() => 0);
  let bad = 0;
  let left = count * rings.length;
  while (left > 0) {
    const before = left;
    for (const [lane, consumer] of consumers.entries()) {
      for (let burst = 0; burst < 64; burst++) {
        const offset = consumer.peek();
        if (offset < 0) break;
        const state = next(states[lane]);
        states[lane] = state;
        const at = offset >>> 2;
        const slots = consumer.slotsAt(offset);
        if (words[at] !== taken[lane]) bad++;
        if (words[at + messageHeader.flagsWord] !== lane) bad++;
        if (words[at + messageHeader.payloadBytesWord] !== (state >>> 8) % 301) bad++;
        for (let i = 4; i < slots * 16; i++) if (words[at + i] !== ((state + i) | 0)) bad++;
        consumer.release(slots);
        taken[lane]++;
        left--;
      }
    }
    if (left === before) patience.miss();
  }
  for (const consumer of consumers) consumer.giveBack();
  return { bad, taken };
}

/** Publishes whole records for ever, each after writing it slowly, so that it dies in the middle of one. */
function neverDone() {
  const { rings } = workerData;
  const producer = new RecordProducer(memory, rings[0]);
  const words = new Int32Array(memory.buffer);
  parentPort.postMessage('writing');
  for (let n = 0; ; n++) {
    let offset = producer.claim(4);
    while (offset < 0) {
      producer.publish();
      offset = producer.claim(4);
    }
    const at = offset >>> 2;
    for (let i = 0; i < 64; i++) {
      words[at + i] = i === 2 ? 180 : i === 3 ? 0 : -1;
      for (let k = 0; k < 50; k++) Atomics.load(words, at);
    }
    for (let i = 4; i < 64; i++) words[at + i] = n;
    words[at] = n;
    if (n % 3 === 0) producer.publish();
  }
}

/** Sends numbered messages, blocks whenever the queue is full, and ends early when it is closed. */
function send() {
  const { share, lane, sender: id, count, wait } = workerData;
  const sender = MessageQueue.attach(share).sender(lane === undefined ? {} : { lane });
  const bytes = new Uint8Array(12);
  const view = new DataView(bytes.buffer);
  let sent = 0;
  try {
    for (; sent < count; sent++) {
      view.setUint32(0, id);
      view.setUint32(4, sent);
      view.setUint32(8, next(sent + id + 1));
      sender.enqueueSync(bytes, { wait });
    }
  } catch (error) {
    if (error.code !== 'RK_QUEUE_CLOSED') throw error;
  }
  return { sent };
}

/** Takes until the queue is closed and empty; counts what is out of order or damaged. */
function receive() {
  const { share, senders, wait } = workerData;
  const receiver = MessageQueue.attach(share).receiver();
  const taken = new Array(senders).fill(0);
  let bad = 0;
  parentPort.postMessage('ready');
  for (;;) {
    const bytes = receiver.dequeueSync({ wait });
    if (bytes === undefined) return { taken, bad };
    const view = new DataView(bytes.buffer);
    const id = view.getUint32(0);
    const n = view.getUint32(4);
    if (n !== taken[id] || view.getUint32(8) !== next(n + id + 1) >>> 0) bad++;
    taken[id]++;
  }
}

/** Sends back what it gets, sleeping in between, until the queue is closed. */
function echo() {
  const { there, back, wait } = workerData;
  const receiver = MessageQueue.attach(there).receiver();
  const sender = MessageQueue.attach(back).sender();
  let echoed = 0;
  for (;;) {
    const bytes = receiver.dequeueSync({ wait });
    if (bytes === undefined) return { echoed };
    sender.enqueueSync(bytes, { wait });
    echoed++;
  }
}

/**
 * The other side of `echo`: one message at a time, each awaited with a time-out that must never strike. It waits for a
 * pseudo-random moment before each, so that some arrive just as `echo` goes to sleep.
 */
function ask() {
  const { there, back, wait, count } = workerData;
  const idle = new Int32Array(new SharedArrayBuffer(4));
  const sender = MessageQueue.attach(there).sender();
  const receiver = MessageQueue.attach(back).receiver();
  const bytes = new Uint8Array(4);
  const view = new DataView(bytes.buffer);
  let bad = 0;
  let state = 1;
  for (let n = 0; n < count; n++) {
    state = next(state);
    for (let k = (state >>> 4) % 64; k > 0; k--) Atomics.load(idle, 0);
    view.setUint32(0, n);
    sender.enqueueSync(bytes, { wait, timeoutMs: 60_000 });
    const answer = receiver.dequeueSync({ wait, timeoutMs: 60_000 });
    if (new DataView(answer.buffer).getUint32(0) !== n) bad++;
  }
  return { bad };
}

const roles = { produce, consume, neverDone, send, receive, echo, ask };
parentPort.postMessage(roles[role]());
