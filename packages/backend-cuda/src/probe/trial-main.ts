// The process in which a device is tried: prints a `TrialReport`.
import type { Device, DeviceDeadLetter, DeviceMessage, KernelImage } from '@ringkernel/core';
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

/** The device ran the kernel, and did something else than it should. */
class AnswerError extends Error {
  readonly code = 'RK_CUDA_ANSWER';
}

type Options = Readonly<Record<string, unknown>>;

async function run(deviceId: string | undefined, backendOptions: Options): Promise<Trial> {
  const id = deviceId === undefined ? {} : { deviceId };
  const device = await backend.open({ ...id, backendOptions });
  try {
    device.ref();
    const back = await Promise.race([answer(device), device.lost]);
    if (back instanceof Error) throw back;
    if (back !== sent + 1) throw new AnswerError(`the device answered ${back}, not ${sent + 1}`);
    return { deviceId: device.info.id, origins: programOrigins() };
  } finally {
    await device.close();
  }
}

/** Sends a number to a kernel on the device; what it emits, when nothing else became of the message. */
async function answer(device: Device): Promise<number> {
  let told: (value: number | null) => void = () => {};
  const back = new Promise<number | null>((resolve) => {
    told = resolve;
  });
  const wrong: AnswerError[] = [];
  const fail = (what: string): void => {
    wrong.push(new AnswerError(what));
    told(null);
  };
  const sink = {
    message: ({ view, byteOffset }: DeviceMessage) => told(view.getUint32(byteOffset, true)),
    deadLetter: ({ reason }: DeviceDeadLetter) => fail(`the message is a dead letter: ${reason}`),
    fault: () => fail('the handler faulted'),
  };
  const options = { id: 'trial', instances: 1, queueCapacity: 16, onFull: 'wait' } as const;
  const launched = { ...options, baseAddress: 64 };
  const kernel = await (device as CudaDevice).launchText(image, text, launched, sink);
  await kernel.activate();
  const encode = (view: DataView, at: number): void => view.setUint32(at, sent, true);
  const plain = { priority: 1, wantsReply: false, correlationLow: 0, correlationHigh: 0 } as const;
  kernel.inject(0, go, encode, {}, { ...plain, deadlineMs: 0 });
  const found = await back;
  await device.settled();
  const [first] = wrong;
  if (first !== undefined) throw first;
  return found ?? 0;
}

/** What fails without a code is no known failure of a device, and told with where it came from. */
function failureOf(thrown: unknown): TrialFailure {
  const { code, message, reasons = [], stack } = Object(thrown) as Partial<TrialFailure & Error>;
  if (code !== undefined) return { code, message: message ?? code, reasons };
  return { code: 'RK_CUDA_UNEXPECTED', message: stack ?? String(thrown), reasons };
}

const { deviceId, backendOptions } = JSON.parse(process.argv[2] ?? '') as {
  readonly deviceId?: string;
  readonly backendOptions: Options;
};
const report: TrialReport = await run(deviceId, backendOptions).then(
  (trial) => ({ trial }),
  (thrown: unknown) => ({ failure: failureOf(thrown) }),
);
process.stdout.write(`\n${JSON.stringify(report)}\n`);
