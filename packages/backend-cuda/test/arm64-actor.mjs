// Runs where the process is of another architecture than the machine, under qemu: prints what it found, as JSON.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { backend, simulatedBackend, tryDevice } from '@ringkernel/backend-cuda';
import { compile } from '@ringkernel/compiler';
import { actor, ask, u32 } from '@ringkernel/core';
import { loadAddon } from '../dist/native/load.js';

// A child process is started as this one was.
process.execPath = process.env.RK_ARM64_START;

const Meter = actor('Arm64Meter', {
  state: { next: u32, wrong: u32 },
  messages: { Item: { number: u32 }, Ask: ask({ x: u32 }, { twice: u32 }) },
  on: {
    Item(ctx, m) {
      if (m.number !== ctx.state.next) ctx.state.wrong += 1;
      ctx.state.next += 1;
    },
    Ask(ctx, m) {
      ctx.reply({ twice: m.x + m.x });
    },
  },
});

const image = compile(Meter);
const [item, question] = image.messages;

/** The opener's own question, and its reply. */
async function askOwn(kernel, replied) {
  const plain = { priority: 1, wantsReply: true, correlationLow: 1, correlationHigh: 0 };
  kernel.inject(0, question, (view, at) => view.setUint32(at, 21, true), null, {
    ...plain,
    deadlineMs: 0,
  });
  return await replied;
}

/** What one instance had when another thread had sent to it by itself, and how many of its replies were right. */
async function run(hostMemory) {
  // No polling: that a reply to the opener has come is told by the addon's waker.
  const backendOptions = { workers: 2, hostLanes: 2, hotUs: 0, hostMemory };
  const device = await simulatedBackend.open({ schedule: 'async', backendOptions });
  device.ref();
  const settings = { id: 'meter', instances: 2, baseAddress: 64, queueCapacity: 64 };
  let tell;
  const replied = new Promise((resolve) => {
    tell = resolve;
  });
  const message = ({ view, byteOffset }) => tell(view.getUint32(byteOffset, true));
  const sink = { message, deadLetter() {}, fault() {} };
  const kernel = await device.launch(image, { ...settings, onFull: 'wait' }, sink);
  await kernel.activate();
  const answer = await askOwn(kernel, replied);
  const workerData = { port: device.openHostLane(), address: 65, count: 1000, item, ask: question };
  const thread = new Worker(new URL('lane-sender.mjs', import.meta.url), { workerData });
  const [{ right }] = await once(thread, 'message');
  await device.settled();
  const [next, wrong] = new Uint32Array((await kernel.readState(1)).buffer);
  await device.close();
  return { answer, next, wrong, right };
}

const { sources, ...functions } = loadAddon();
const probe = await backend.probe();
const states = [await run('driver'), await run('webassembly')];
const { deviceId } = await tryDevice({ backendOptions: { simulated: true, workers: 1 } });
const { arch } = process;
const exported = Object.keys(functions).sort();
console.log(JSON.stringify({ arch, sources, exported, probe, states, deviceId }));
