import { compile } from '@ringkernel/compiler';
import {
  type AnyActor,
  type Codec,
  codecOf,
  type DeadLetterReason,
  type Device,
  type DeviceDeadLetter,
  type DeviceFault,
  type DeviceKernel,
  type DeviceLaunchOptions,
  type DeviceMessage,
  type InjectOptions,
  type InjectStatus,
  inputReasons,
  type KernelCounters,
  type KernelImage,
  type MessageDescriptor,
} from '@ringkernel/core';
import { ConformanceError, equal, show } from './assert.ts';

export type Fields = Record<string, unknown>;

/** What came out of a kernel, decoded. */
export interface Outgoing {
  readonly kind: 'emit' | 'reply';
  readonly name: string;
  readonly instance: number;
  readonly fields: Fields;
  readonly correlation: number;
  readonly stamp: { readonly physical: number; readonly logical: number; readonly node: number };
  readonly id: string;
}

export interface Letter {
  readonly reason: DeadLetterReason;
  readonly name: string;
  readonly source: number;
  readonly destination: number;
  readonly priority: number;
  readonly correlation: number;
  readonly fields: Fields;
}

export type LaunchSettings = Partial<Omit<DeviceLaunchOptions, 'baseAddress'>>;
export type SendSettings = Partial<InjectOptions>;

const plainSend: InjectOptions = {
  priority: 1,
  correlationLow: 0,
  correlationHigh: 0,
  wantsReply: false,
  deadlineMs: 0,
};

const images = new Map<AnyActor, KernelImage>();

function imageOf(actor: AnyActor): KernelImage {
  const known = images.get(actor);
  if (known !== undefined) return known;
  const image = compile(actor);
  images.set(actor, image);
  return image;
}

/** A launched kernel with everything it sent back, by name instead of by id. */
export class TestKernel {
  readonly image: KernelImage;
  readonly options: DeviceLaunchOptions;
  readonly out: Outgoing[] = [];
  readonly letters: Letter[] = [];
  readonly faults: DeviceFault[] = [];
  device!: DeviceKernel;
  readonly #harness: Harness;
  readonly #codecs = new Map<number, { readonly name: string; readonly codec: Codec }>();

  constructor(harness: Harness, image: KernelImage, options: DeviceLaunchOptions) {
    this.#harness = harness;
    this.image = image;
    this.options = options;
    for (const { name, id, layout, reply } of [...image.messages, ...image.emits]) {
      this.#codecs.set(id, { name, codec: codecOf(layout) });
      if (reply) this.#codecs.set(reply.id, { name, codec: codecOf(reply.layout) });
    }
  }

  get address(): number {
    return this.options.baseAddress;
  }

  get counters(): KernelCounters {
    return this.device.counters();
  }

  /** Injects once and returns what the device said. */
  tryInject(
    instance: number,
    name: string,
    fields: Fields = {},
    settings: SendSettings = {},
  ): InjectStatus {
    const message = this.#message(name);
    const codec = codecOf(message.layout);
    const write = (view: DataView, at: number, value: Fields) => codec.encode(view, at, value);
    return this.device.inject(instance, message, write, fields, { ...plainSend, ...settings });
  }

  /** Injects, waiting for room as the policy `wait` asks. */
  async inject(
    instance: number,
    name: string,
    fields: Fields = {},
    settings: SendSettings = {},
  ): Promise<void> {
    for (;;) {
      const status = this.tryInject(instance, name, fields, settings);
      if (status === 'accepted') return;
      if (status === 'closed')
        throw new ConformanceError(`${name} was refused: the kernel is closed`);
      if (this.#harness.device.schedule === 'lockstep') await this.#harness.step();
      else await this.device.room(instance);
    }
  }

  /** Injects with a correlation and waits for the reply; async schedule. */
  async call(
    instance: number,
    name: string,
    fields: Fields = {},
    settings: SendSettings = {},
  ): Promise<Fields> {
    const correlation = this.#harness.nextCorrelation();
    // Registered first: the reply may come before `inject` has returned to us.
    const reply = this.#harness.reply(correlation);
    await this.inject(instance, name, fields, {
      wantsReply: true,
      correlationLow: correlation,
      ...settings,
    });
    return reply;
  }

  emits(name: string): Outgoing[] {
    return this.out.filter((m) => m.kind === 'emit' && m.name === name);
  }

  async state(instance: number): Promise<Fields> {
    const bytes = await this.device.readState(instance);
    equal(bytes.byteLength, this.image.state.size, 'bytes of a state');
    return codecOf(this.image.state).decode(view(bytes), 0) as Fields;
  }

  /** sent = handled + rejected + Σ dead letters + pending. */
  checkCounters(): void {
    const c = this.counters;
    const dead = inputReasons.reduce((n, reason) => n + c.deadLettered[reason], 0);
    equal(
      c.handled + c.rejected + dead + c.pending,
      c.sent,
      `${this.options.id}: sent, by its outcomes (${show(c)})`,
    );
  }

  receive(message: DeviceMessage): void {
    const { kind, type, instance, correlationLow, view: bytes, byteOffset, byteLength } = message;
    const { name, codec } = this.#codec(type);
    equal(byteLength, codec.size, `bytes of ${name}`);
    const fields = codec.decode(bytes, byteOffset) as Fields;
    const physical = message.physicalHigh * 2 ** 32 + message.physicalLow;
    const stamp = { physical, logical: message.logical, node: message.node };
    const id = `${message.idHigh}:${message.idLow}`;
    const received: Outgoing = {
      kind,
      name,
      instance,
      fields,
      correlation: correlationLow,
      stamp,
      id,
    };
    this.out.push(received);
    this.#harness.received(this, received);
  }

  bury(letter: DeviceDeadLetter): void {
    const { reason, type, source, destination, priority, correlationLow, payload } = letter;
    const known = this.#codecs.get(type);
    const name = known?.name ?? `#${type}`;
    const fields = known ? (known.codec.decode(view(payload), 0) as Fields) : {};
    const buried: Letter = {
      reason,
      name,
      source,
      destination,
      priority,
      correlation: correlationLow,
      fields,
    };
    this.letters.push(buried);
    this.#harness.buried(this, buried);
  }

  #message(name: string): MessageDescriptor {
    const found = this.image.messages.find((m) => m.name === name);
    if (found === undefined)
      throw new ConformanceError(`${this.image.name} has no message ${name}`);
    return found;
  }

  #codec(type: number): { readonly name: string; readonly codec: Codec } {
    const found = this.#codecs.get(type);
    if (found === undefined)
      throw new ConformanceError(`${this.image.name} sent an unknown type ${type}`);
    return found;
  }
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** One open device and the kernels a case launches on it. */
export class Harness {
  readonly device: Device;
  readonly kernels: TestKernel[] = [];
  /** Everything the host saw, a line each: what two devices are compared by. */
  readonly transcript: string[] = [];
  #address = 64;
  #correlation = 0;
  #round = 0;
  readonly #replies = new Map<
    number,
    { resolve: (fields: Fields) => void; reject: (e: Error) => void }
  >();

  constructor(device: Device) {
    this.device = device;
  }

  async launch(
    actor: AnyActor,
    settings: LaunchSettings & { activate?: boolean } = {},
  ): Promise<TestKernel> {
    const { activate = true, instances = 1, id = `k${this.kernels.length}`, ...rest } = settings;
    const options: DeviceLaunchOptions = {
      queueCapacity: 1024,
      onFull: 'wait',
      ...rest,
      id,
      instances,
      baseAddress: this.#address,
    };
    this.#address += Math.ceil(instances / 64) * 64;
    const kernel = new TestKernel(this, imageOf(actor), options);
    this.kernels.push(kernel);
    const launched = this.device.launch(kernel.image, options, {
      message: (m) => kernel.receive(m),
      deadLetter: (l) => kernel.bury(l),
      fault: (f) => {
        kernel.faults.push(f);
        this.#note(kernel, `fault [${f.instance}] site ${f.site} value ${f.value} type ${f.type}`);
        this.#replies
          .get(f.correlationLow)
          ?.reject(new ConformanceError(`fault at site ${f.site}`));
      },
    });
    kernel.device = await launched.catch((error: unknown) => {
      this.kernels.splice(this.kernels.indexOf(kernel), 1);
      throw error;
    });
    if (activate) await kernel.device.activate();
    return kernel;
  }

  async step(rounds = 1): Promise<void> {
    for (let i = 0; i < rounds; i++) {
      this.#round++;
      await this.device.step(1);
    }
  }

  /** Everything else gets a turn of the event loop. */
  async turn(): Promise<void> {
    await new Promise<void>((resolve) => void setTimeout(resolve, 0));
  }

  nextCorrelation(): number {
    return ++this.#correlation;
  }

  reply(correlation: number): Promise<Fields> {
    return new Promise((resolve, reject) => this.#replies.set(correlation, { resolve, reject }));
  }

  received(kernel: TestKernel, message: Outgoing): void {
    const { kind, name, instance, fields, correlation } = message;
    this.#note(kernel, `${kind} [${instance}] ${name} ${show(fields)} for ${correlation}`);
    if (kind === 'reply') this.#replies.get(correlation)?.resolve(fields);
  }

  buried(kernel: TestKernel, letter: Letter): void {
    this.#note(kernel, `dead letter ${show(letter)}`);
    this.#replies
      .get(letter.correlation)
      ?.reject(new ConformanceError(`dead letter: ${letter.reason}`));
  }

  /** Adds the final states and counters to the transcript. */
  async conclude(): Promise<void> {
    for (const kernel of this.kernels) {
      if (kernel.device.state === 'terminated') continue;
      for (let i = 0; i < kernel.options.instances; i++) {
        this.transcript.push(`${kernel.options.id}[${i}] = ${show(await kernel.state(i))}`);
      }
      const { sent, handled, rejected, deadLettered, pending, parked, emitted, replied, errors } =
        kernel.counters;
      const counted = {
        sent,
        handled,
        rejected,
        deadLettered,
        pending,
        parked,
        emitted,
        replied,
        errors,
      };
      this.transcript.push(`${kernel.options.id} ${kernel.device.state} ${show(counted)}`);
    }
  }

  #note(kernel: TestKernel, line: string): void {
    this.transcript.push(`round ${this.#round} ${kernel.options.id} ${line}`);
  }
}
