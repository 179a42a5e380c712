import type {
  Device,
  DeviceInfo,
  DeviceKernel,
  DeviceLaunchOptions,
  DeviceOptions,
  KernelImage,
  KernelSink,
  RingKernelError,
} from '@ringkernel/core';
import { ReferenceKernel } from './kernel.ts';
import type { ReferenceMessage } from './mailbox.ts';

/**
 * The machine model in the plainest form that runs: one thread, lockstep rounds, handlers interpreted. What it does
 * is right by definition; other devices are compared with it.
 */
export class ReferenceDevice implements Device {
  readonly info: DeviceInfo = {
    id: 'reference',
    backend: 'reference',
    name: 'reference interpreter',
    kind: 'cpu',
    memoryBytes: 0,
    computeUnits: 1,
    capabilities: ['f64', 'i64', 'rollback', 'tenants'],
  };
  readonly schedule = 'lockstep';
  readonly lost: Promise<RingKernelError> = new Promise(() => {});
  readonly seed: number;
  round = 0;

  readonly #kernels: ReferenceKernel[] = [];
  #transit: ReferenceMessage[] = [];
  #outbox: (() => void)[] = [];
  #ids = 0;

  constructor(options: DeviceOptions = {}) {
    this.seed = options.seed ?? 0;
  }

  ref(): void {}

  unref(): void {}

  async launch(
    image: KernelImage,
    options: DeviceLaunchOptions,
    sink: KernelSink,
  ): Promise<DeviceKernel> {
    const kernel = new ReferenceKernel(this, image, options, sink);
    this.#kernels.push(kernel);
    this.#kernels.sort((a, b) => a.options.baseAddress - b.options.baseAddress);
    return kernel;
  }

  async step(rounds: number): Promise<void> {
    for (let i = 0; i < rounds; i++) {
      // A failed kernel takes part: what is sent to it becomes dead letters.
      this.#round(this.#kernels.filter((k) => k.state === 'active' || k.state === 'failed'));
      for (const tell of this.#outbox.splice(0)) tell();
    }
  }

  async settled(): Promise<void> {
    for (const tell of this.#outbox.splice(0)) tell();
  }

  async close(): Promise<void> {
    for (const kernel of [...this.#kernels]) await kernel.terminate(0);
  }

  /** One more round for a kernel that ends: it handles what it has, whatever the others wait for. */
  drain(kernel: ReferenceKernel): void {
    this.#round([kernel]);
  }

  remove(kernel: ReferenceKernel): void {
    this.#kernels.splice(this.#kernels.indexOf(kernel), 1);
    for (const message of this.#transit.filter((m) => this.kernelOf(m.destination) === undefined)) {
      kernel.bury(message, 'terminated');
    }
    this.#transit = this.#transit.filter((m) => this.kernelOf(m.destination) !== undefined);
    for (const tell of this.#outbox.splice(0)) tell();
  }

  /** What is on its way to an instance becomes dead letters, told at once. */
  buryTransit(kernel: ReferenceKernel, instance: number): void {
    const address = kernel.options.baseAddress + instance;
    for (const message of this.#transit) {
      if (message.destination === address) kernel.bury(message, 'terminated');
    }
    this.#transit = this.#transit.filter(({ destination }) => destination !== address);
    for (const tell of this.#outbox.splice(0)) tell();
  }

  kernelOf(address: number): ReferenceKernel | undefined {
    return this.#kernels.find(
      ({ options: o }) => address >= o.baseAddress && address < o.baseAddress + o.instances,
    );
  }

  nextId(): number {
    return ++this.#ids;
  }

  /** Sends: it arrives at the beginning of the next round. */
  post(message: ReferenceMessage): void {
    this.#transit.push(message);
  }

  /** Tells the host when the round is over. */
  tell(call: () => void): void {
    this.#outbox.push(call);
  }

  hostMessagesTo(destination: number): number {
    return this.#transit.filter((m) => m.origin === 0 && m.destination === destination).length;
  }

  inTransitTo(kernel: ReferenceKernel): number {
    return this.#transit.filter((m) => this.kernelOf(m.destination) === kernel).length;
  }

  #round(running: readonly ReferenceKernel[]): void {
    this.round++;
    const arriving = this.#transit.sort((a, b) => a.origin - b.origin); // stable: send order stays
    this.#transit = [];
    for (const kernel of this.#kernels)
      for (const mailbox of kernel.mailboxes) mailbox.admitParked();
    for (const message of arriving) this.kernelOf(message.destination)?.deliver(message);
    for (const kernel of running) {
      for (let instance = 0; instance < kernel.options.instances; instance++)
        kernel.round(instance);
    }
  }
}
