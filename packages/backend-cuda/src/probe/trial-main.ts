// The process in which a device is tried: prints a `TrialReport`.
import type { Device, DeviceMessage, KernelImage } from '@ringkernel/core';
import { backend } from '../backend.ts';
import type { TrialFailure } from '../errors.ts';
import type { CudaDevice } from '../host/device.ts';
import { programOrigins, programPreamble } from '../program/build.ts';
import type { Trial, TrialReport } from './trial.ts';

const layout = { size: 4, align: 4, fields: [] };
const go = { name: 'Go', id: 1, layout };
const image: KernelImage = {
  name: 'Trial',
  hash: 1,
  state: layout,
  emits: [{ name: 'Back', id: 2, layout }],
  messages: [go],
  program: { kind: 'ir', module: null },
};

/** Answers a number with the next one. */
const text = `${programPreamble}RK_DEV bool rk_handle(RkTurn* t, rk_u32) {
  rk_u8* const out = rk_emit(t, 2u, 4u);
  if (out != 0) *(rk_u32*)out = *(const rk_u32*)t->message + 1u;
  return true;
}
`;

const sent = 0x5269_6e67;

type Options = Readonly<Record<string, unknown>>;

async function run(deviceId: string | undefined, backendOptions: Options): Promise<Trial> {
  const id = deviceId === undefined ? {} : { deviceId };
  const device = await backend.open({ ...id, backendOptions });
  try {
    device.ref();
    const back = await Promise.race([answer(device), device.lost]);
    if (back instanceof Error) throw back;
    if (back !== sent + 1) throw new Error(`the device answered ${back}, not ${sent + 1}`);
    return { deviceId: device.info.id, origins: programOrigins() };
  } finally {
    await device.close();
  }
}

/** Sends a number to a kernel on the device; what it emits. */
async function answer(device: Device): Promise<number> {
  let told: (value: number | Error) => void = () => {};
  const back = new Promise<number | Error>((resolve) => {
    told = resolve;
  });
  const sink = {
    message: ({ view, byteOffset }: DeviceMessage) => told(view.getUint32(byteOffset, true)),
    deadLetter: () => told(new Error('the message became a dead letter')),
    fault: () => told(new Error('the handler faulted')),
  };
  const options = { id: 'trial', instances: 1, queueCapacity: 16, onFull: 'wait' } as const;
  const launched = { ...options, baseAddress: 64 };
  const kernel = await (device as CudaDevice).launchText(image, text, launched, sink);
  await kernel.activate();
  const encode = (view: DataView, at: number): void => view.setUint32(at, sent, true);
  const plain = { priority: 1, wantsReply: false, correlationLow: 0, correlationHigh: 0 } as const;
  kernel.inject(0, go, encode, {}, { ...plain, deadlineMs: 0 });
  const found = await back;
  if (found instanceof Error) throw found;
  return found;
}

function failureOf(thrown: unknown): TrialFailure {
  const { code, message, reasons } = Object(thrown) as Partial<TrialFailure>;
  return {
    code: code ?? 'RK_CUDA_ANSWER',
    message: message ?? String(thrown),
    reasons: reasons ?? [],
  };
}

const { deviceId, backendOptions } = JSON.parse(process.argv[2] ?? '') as {
  readonly deviceId?: string;
  readonly backendOptions: Options;
};
const report: TrialReport = await run(deviceId, backendOptions).then(
  (trial) => ({ trial }),
  (thrown: unknown) => ({ failure: failureOf(thrown) }),
);
process.stdout.write(JSON.stringify(report));
