/** Names a thing of the addon: a context, memory, a module, a function, a stream, a waker. */
export type Handle = number;

export interface FoundDriver {
  readonly path: string;
  /** 1000 · major + 10 · minor of the newest CUDA it knows. */
  readonly version: number;
}

export interface FoundDevice {
  readonly ordinal: number;
  readonly name: string;
  readonly uuid: string;
  readonly memoryBytes: number;
  readonly warpSize: number;
  readonly multiprocessors: number;
  readonly threadsPerMultiprocessor: number;
  /** Compute capability. */
  readonly major: number;
  readonly minor: number;
  /** 1 when the system ends kernels that run for long. */
  readonly kernelTimeout: number;
  readonly canMapHostMemory: number;
  readonly hostRegister: number;
  readonly computeMode: number;
  readonly pciBus: number;
  readonly pciDevice: number;
  /** Ordinals of the devices whose memory it can reach. */
  readonly peers: readonly number[];
}

/** What NVML says of a device; null for what it has not. */
export interface DeviceStatus {
  readonly uuid: string;
  readonly memoryBytes: number | null;
  /** Of its memory, by all processes. */
  readonly usedBytes: number | null;
  /** How much of the last second or less some kernel ran, and some memory was read or written. */
  readonly loadPercent: number | null;
  readonly memoryLoadPercent: number | null;
  readonly temperatureC: number | null;
  /** Its NVLinks, and whether each is up. */
  readonly links: readonly boolean[];
}

export interface FoundFunction {
  readonly handle: Handle;
  readonly registers: number;
  readonly localBytes: number;
  readonly sharedBytes: number;
  /** How many blocks of the asked size fit on one multiprocessor at once. */
  readonly blocksPerMultiprocessor: number;
}

export interface Allocation {
  readonly handle: Handle;
  /** Its address on the device. */
  readonly device: bigint;
}

/** The addon's functions, as native/*.cc defines them. Paths are candidates: the first that loads is used. */
export interface Addon {
  /** Number of the sources from which it was built; addons from before there was one have none. */
  readonly sources?: string;
  findDriver(paths: readonly string[]): FoundDriver;
  listDevices(paths: readonly string[]): readonly FoundDevice[];
  listStatus(paths: readonly string[]): {
    readonly path: string;
    readonly driverVersion: string;
    readonly devices: readonly DeviceStatus[];
  };
  startDriver(paths: readonly string[]): Promise<void>;
  open(paths: readonly string[], ordinal: number): Promise<Handle>;
  free(handle: Handle): void;
  allocateDevice(context: Handle, bytes: number): Allocation;
  copyToDevice(memory: Handle, offset: number, bytes: Uint8Array): void;
  copyFromDevice(
    memory: Handle,
    offset: number,
    length: number,
    stream: Handle,
  ): Promise<Uint8Array>;
  copyPeer(
    to: Handle,
    toOffset: number,
    from: Handle,
    fromOffset: number,
    bytes: number,
    stream: Handle,
  ): Promise<void>;
  allocateHost(context: Handle, bytes: number): Allocation & { readonly buffer: ArrayBuffer };
  registerHost(context: Handle, bytes: Uint8Array): Allocation;
  findCompiler(paths: readonly string[]): { readonly path: string; readonly version: string };
  compile(
    paths: readonly string[],
    name: string,
    source: string,
    headerNames: readonly string[],
    headerTexts: readonly string[],
    options: readonly string[],
  ): Promise<{ readonly image: Uint8Array; readonly log: string }>;
  loadModule(context: Handle, image: Uint8Array): Promise<Handle>;
  getFunction(module: Handle, name: string, threads: number): FoundFunction;
  createStream(context: Handle): Handle;
  setKillWord(stream: Handle, memory: Handle, word: number, value: number): void;
  launch(
    fn: Handle,
    stream: Handle,
    blocks: number,
    threads: number,
    parameters: Uint8Array,
    offsets: readonly number[],
  ): void;
  query(stream: Handle): 'idle' | 'running';
  startWaker(context: Handle, spinUs: number, sleepUs: number, callback: () => void): Handle;
  watchRing(
    waker: Handle,
    ring: Handle,
    control: Handle,
    slotsWord: number,
    strideWords: number,
    capacity: number,
    headWord: number,
  ): void;
  armWaker(waker: Handle): void;
  refWaker(waker: Handle, referenced: boolean): void;
  stopWaker(waker: Handle): void;
}
