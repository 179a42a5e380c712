/** The part of WebGPU that a floor needs; `webgpu` brings types that want those of a browser. */
interface Buffer {
  mapAsync(mode: number, offset: number, size: number): Promise<void>;
  getMappedRange(offset: number, size: number): ArrayBuffer;
  unmap(): void;
}
interface Pass {
  setPipeline(pipeline: object): void;
  setBindGroup(index: number, group: object): void;
  dispatchWorkgroups(x: number): void;
  end(): void;
}
interface Device {
  readonly queue: {
    writeBuffer(buffer: Buffer, offset: number, data: Uint32Array): void;
    submit(commands: object[]): void;
  };
  createBuffer(descriptor: { size: number; usage: number }): Buffer;
  createShaderModule(descriptor: { code: string }): object;
  createComputePipeline(descriptor: object): { getBindGroupLayout(index: number): object };
  createBindGroup(descriptor: object): object;
  createCommandEncoder(): {
    beginComputePass(): Pass;
    copyBufferToBuffer(from: Buffer, at: number, to: Buffer, into: number, size: number): void;
    finish(): object;
  };
  destroy(): void;
}
interface Gpu {
  requestAdapter(): Promise<{
    readonly limits: { readonly maxBufferSize: number };
    requestDevice(options: object): Promise<Device>;
  } | null>;
}

const usage = { mapRead: 1, copySource: 4, copyTarget: 8, storage: 128 } as const;

/** Each invocation copies one message, which is the least that any engine has to do with it. */
const shader = (words: number): string => `
@group(0) @binding(0) var<storage, read> messages: array<u32>;
@group(0) @binding(1) var<storage, read_write> memory: array<u32>;
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
  let at = id.x * ${words}u;
  if (at + ${words}u > arrayLength(&messages)) { return; }
  for (var i = 0u; i < ${words}u; i++) { memory[at + i] = messages[at + i]; }
}`;

export interface BareOptions {
  /** Messages that go up, and words of each. */
  readonly messages: number;
  readonly words: number;
  /** Words that come back. */
  readonly back: number;
}

/** What WebGPU itself takes: write, dispatch, copy, map, and nothing else. */
export class Bare {
  readonly #device: Device;
  readonly #options: BareOptions;
  readonly #data: Uint32Array;
  readonly #messages: Buffer;
  readonly #memory: Buffer;
  readonly #back: Buffer;
  readonly #pipeline: object;
  readonly #group: object;

  private constructor(device: Device, options: BareOptions) {
    const { messages, words, back } = options;
    this.#device = device;
    this.#options = options;
    this.#data = Uint32Array.from({ length: messages * words }, (_, i) => i);
    const size = messages * words * 4;
    this.#messages = device.createBuffer({ size, usage: usage.storage | usage.copyTarget });
    const room = Math.max(size, back * 4);
    this.#memory = device.createBuffer({ size: room, usage: usage.storage | usage.copySource });
    this.#back = device.createBuffer({ size: back * 4, usage: usage.mapRead | usage.copyTarget });
    const module = device.createShaderModule({ code: shader(words) });
    const pipeline = device.createComputePipeline({ layout: 'auto', compute: { module } });
    this.#pipeline = pipeline;
    this.#group = device.createBindGroup({
      layout: pipeline.getBindGroupLayout(0),
      entries: [this.#messages, this.#memory].map((buffer, binding) => ({
        binding,
        resource: { buffer },
      })),
    });
  }

  static async open(gpu: Gpu, options: BareOptions): Promise<Bare> {
    const adapter = await gpu.requestAdapter();
    if (adapter === null) throw new Error('there is no adapter');
    const { maxBufferSize } = adapter.limits;
    return new Bare(await adapter.requestDevice({ requiredLimits: { maxBufferSize } }), options);
  }

  /** One round trip with so many dispatches; returns the first word that came back. */
  async once(dispatches = 1): Promise<number> {
    const { queue } = this.#device;
    queue.writeBuffer(this.#messages, 0, this.#data);
    const encoder = this.#device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(this.#pipeline);
    pass.setBindGroup(0, this.#group);
    const groups = Math.ceil(this.#options.messages / 64);
    for (let i = 0; i < dispatches; i++) pass.dispatchWorkgroups(groups);
    pass.end();
    const bytes = this.#options.back * 4;
    encoder.copyBufferToBuffer(this.#memory, 0, this.#back, 0, bytes);
    queue.submit([encoder.finish()]);
    await this.#back.mapAsync(usage.mapRead, 0, bytes);
    const copy = new Uint32Array(this.#back.getMappedRange(0, bytes).slice(0));
    this.#back.unmap();
    return copy[0] ?? Number.NaN;
  }

  close(): void {
    this.#device.destroy();
  }
}

let pinned: Gpu | undefined;

/** Dawn, once for the process: it crashes when its instance is collected. */
export async function bareGpu(): Promise<Gpu> {
  if (pinned === undefined) {
    const { create } = (await import('webgpu')) as unknown as { create(flags: string[]): Gpu };
    pinned = create([]);
  }
  return pinned;
}
