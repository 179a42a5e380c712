import type { MessagePort } from 'node:worker_threads';
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { LayoutMismatchError, layoutHash } from '@ringkernel/core';
import { pin } from '../affinity.ts';
import type { ControlMessage, WorkerStart } from '../control/messages.ts';
import { WorkerThread } from './thread.ts';

/** The entry of a worker thread: runs until the host says that it ends. */
const { start, port } = workerData as { start: WorkerStart; port: MessagePort };
if (parentPort === null) throw new Error('this module is the entry of a worker thread');
if (start.layoutHash !== layoutHash) {
  throw new LayoutMismatchError(`worker ${start.thread}`, start.layoutHash, layoutHash);
}
if (start.core !== null) pin(start.core);
const answers = parentPort;
const thread = new WorkerThread(
  start,
  () => receiveMessageOnPort(port)?.message as ControlMessage | undefined,
  (answer) => answers.postMessage(answer),
);
answers.on('message', () => {}); // keeps the thread alive while its loops wait
answers.postMessage({ request: 0 });
await thread.run();
process.exit();
