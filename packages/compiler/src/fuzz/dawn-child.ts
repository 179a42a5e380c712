/**
 * Runs WGSL on Dawn, one job for each message from the parent. It is a process of its own because a driver can take
 * its process down, and because LD_LIBRARY_PATH must be set before the start.
 */
export interface DawnJob {
  readonly code: string;
  /** Workgroups to dispatch. */
  readonly workgroups: number;
  readonly params: Uint32Array;
  readonly control: Uint32Array;
  readonly deliveries: Uint32Array;
  readonly memory: Uint32Array;
  readonly states: Uint32Array;
  /** Word of the memory at which the records begin. */
  readonly records: number;
}

export interface DawnResult {
  readonly control: Uint32Array;
  readonly states: Uint32Array;
  readonly records: Uint32Array;
}

export type DawnReply =
  | { readonly ready: string }
  | { readonly none: string }
  | { readonly error: string }
  | DawnResult;

// The package's types need the DOM library; these are the calls used here.
// biome-ignore lint/suspicious/noExplicitAny: see above.
type Gpu = any;

const { create } = (await import('webgpu')) as Gpu;
// Dawn crashes when this is collected.
const gpu = create([]);
(globalThis as Gpu).ringkernelGpu = gpu;
const adapter: Gpu = await gpu.requestAdapter();
const device: Gpu = (await adapter?.requestDevice()) ?? null;

const usage = { mapRead: 1, copySource: 4, copyTarget: 8, uniform: 64, storage: 128 };

function bufferOf(data: Uint32Array, kind: number): Gpu {
  const size = Math.max(16, data.byteLength);
  const buffer = device.createBuffer({ size, usage: kind | usage.copySource | usage.copyTarget });
  device.queue.writeBuffer(buffer, 0, data);
  return buffer;
}

async function run(job: DawnJob): Promise<DawnResult> {
  device.pushErrorScope('validation');
  const module = device.createShaderModule({ code: job.code });
  const { messages } = await module.getCompilationInfo();
  const errors = messages.filter(({ type }: Gpu) => type === 'error');
  const pipeline =
    errors.length > 0
      ? null
      : device.createComputePipeline({
          layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
          compute: { module, entryPoint: 'rk_round' },
        });
  const invalid = await device.popErrorScope();
  if (errors.length > 0 || invalid !== null) {
    const lines = errors.map((e: Gpu) => `${e.lineNum}:${e.linePos} ${e.message}`);
    throw new Error([...lines, invalid?.message].join('\n'));
  }
  const buffers = [
    bufferOf(job.params, usage.uniform),
    ...[job.control, job.deliveries, job.memory, job.states].map((data) =>
      bufferOf(data, usage.storage),
    ),
  ];
  const bindings = device.createBindGroup({
    layout,
    entries: buffers.map((buffer, binding) => ({ binding, resource: { buffer } })),
  });
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, bindings);
  pass.dispatchWorkgroups(job.workgroups);
  pass.end();
  const parts = [
    { from: buffers[1], start: 0, words: job.control.length },
    { from: buffers[4], start: 0, words: job.states.length },
    { from: buffers[3], start: job.records, words: job.memory.length - job.records },
  ];
  const copies = parts.map(({ from, start, words }) => {
    const size = words * 4;
    const to = device.createBuffer({ size, usage: usage.mapRead | usage.copyTarget });
    encoder.copyBufferToBuffer(from, start * 4, to, 0, size);
    return to;
  });
  device.queue.submit([encoder.finish()]);
  const [control, states, records] = await Promise.all(
    copies.map(async (buffer) => {
      await buffer.mapAsync(1);
      const words = new Uint32Array(buffer.getMappedRange().slice(0));
      buffer.destroy();
      return words;
    }),
  );
  for (const buffer of buffers) buffer.destroy();
  return { control, states, records } as DawnResult;
}

const types = ['uniform', 'storage', 'read-only-storage', 'storage', 'storage'];
const layout = device?.createBindGroupLayout({
  entries: types.map((type, binding) => ({ binding, visibility: 4, buffer: { type } })),
});

process.on('message', (job: DawnJob) => {
  run(job).then(
    (result) => process.send?.(result),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
process.on('disconnect', () => process.exit(0));
process.send?.(
  device === null ? { none: 'Dawn found no adapter' } : { ready: adapter.info.device },
);
