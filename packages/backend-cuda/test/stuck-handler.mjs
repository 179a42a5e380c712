// Runs a handler that never looks whether it has to end, and tells what became of its device.
import { simulatedBackend } from '@ringkernel/backend-cuda';

const [, , schedule] = process.argv;
const device = await simulatedBackend.open({
  schedule,
  backendOptions: { handlerTimeoutMs: 10 },
});
device.ref();
const layout = { size: 0, align: 4, fields: [] };
const image = {
  name: 'Stuck',
  hash: 1,
  state: layout,
  emits: [],
  messages: [{ name: 'Go', id: 1, layout }],
};
const text = `#include "rk_worker.h"
  RK_DEV bool rk_handle(RkTurn* t, rk_u32) {
    while (rk_load_relaxed(&t->seed) == t->seed) rk_sleep(2000);
    return true;
  }`;
const options = { id: 'stuck', instances: 2, baseAddress: 64, queueCapacity: 8, onFull: 'wait' };
const sink = { message() {}, deadLetter() {}, fault() {} };
const kernel = await device.launchText(image, text, options, sink);
await kernel.activate();
const sent = {
  priority: 1,
  wantsReply: false,
  correlationLow: 0,
  correlationHigh: 0,
  deadlineMs: 0,
};
kernel.inject(1, image.messages[0], () => {}, {}, sent);
if (schedule === 'lockstep') await device.step(1).catch(() => {});
const error = await device.lost;
console.log([error.code, error.cause.code, error.message, kernel.state].join('|'));
await device.close();
process.exit(0);
