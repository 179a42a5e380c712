// Loaded before a program: the first device that it opens is lost in the middle of its work.
import { create } from 'webgpu';

const submits = 12;
const gpu = create([]);
let opened = 0;

/** Destroys a device in the turn in which it was given this submit. */
function loseLater(device) {
  const submit = device.queue.submit.bind(device.queue);
  let left = submits;
  device.queue.submit = (commands) => {
    submit(commands);
    if (--left !== 0) return;
    console.log('the device is lost');
    device.destroy();
  };
}

globalThis[Symbol.for('ringkernel.webgpu.gpu')] = {
  async requestAdapter(wish) {
    const adapter = await gpu.requestAdapter(wish);
    if (adapter === null) return null;
    const { info, limits, features } = adapter;
    const requestDevice = async (options) => {
      const device = await adapter.requestDevice(options);
      if (opened++ === 0) loseLater(device);
      return device;
    };
    return { info, limits, features, requestDevice };
  },
};
