import { backend } from '@ringkernel/backend-webgpu';
import { createRuntime, type DeviceInfo } from '@ringkernel/runtime';
import { Pond } from '../src/wave/pond.ts';
import { type Job, runJob } from './job.ts';
import { PondView } from './pond-view.ts';

const element = <T extends HTMLElement>(id: string): T => {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no #${id}`);
  return found as T;
};

/** `?flights=20000&rows=4` */
const query = new URLSearchParams(location.search);
const flights = Number(query.get('flights') ?? 231_083);
const rows = Number(query.get('rows') ?? 4);

/** A real GPU, or else one in software: the runtime takes none of those by itself. */
async function chooseDevice(): Promise<DeviceInfo> {
  const probe = await backend.probe();
  if (!probe.available) throw new Error(`${probe.reason}: ${probe.hint ?? ''}`);
  const device = probe.devices.find(({ kind }) => kind === 'gpu') ?? probe.devices[0];
  if (device === undefined) throw new Error('no device');
  element('device').textContent = `${device.name} (${device.kind})`;
  return device;
}

async function openPond(device: string): Promise<PondView> {
  // Compiled here: its handlers name all that they use.
  const runtime = await createRuntime({ backend, device });
  const view = new PondView(await Pond.open(runtime, rows), element('pond'));
  void animate(view).catch(fail);
  return view;
}

async function animate(view: PondView): Promise<never> {
  const start = performance.now();
  for (;;) {
    await new Promise(requestAnimationFrame);
    await view.next();
    const seconds = (performance.now() - start) / 1000;
    element('pace').textContent = `${(view.frames / seconds).toFixed(0)} frames per second`;
  }
}

async function work(device: string): Promise<Job> {
  const compiled = new URL('./actors.rk.json', location.href);
  const runtime = await createRuntime({ backend, device, compiled, compiledOnly: true });
  const job = await runJob(runtime, flights, (text) => {
    element('progress').textContent = text;
  });
  await runtime.close();
  show(job);
  return job;
}

function show({ pagerank, stream, complaints }: Job): void {
  const { iterations, ranked } = pagerank;
  element('progress').textContent =
    `Ranks after ${iterations} iterations; ${stream.flights} flights, ${stream.outliers} of them far off. ` +
    (complaints.length === 0 ? 'All checks passed.' : complaints.join('; '));
  const cell = (text: string, name: string): HTMLElement => {
    const td = document.createElement('td');
    td.textContent = text;
    td.className = name;
    return td;
  };
  const lines = ranked.slice(0, 10).map(({ iata, name, rank }) => {
    const line = document.createElement('tr');
    line.append(cell(rank.toFixed(5), 'number'), cell(iata, ''), cell(name, ''));
    return line;
  });
  element('airports').replaceChildren(...lines);
}

function fail(error: unknown): never {
  element('device').textContent = error instanceof Error ? error.message : String(error);
  throw error;
}

/** For tests, and for the console. */
const device = chooseDevice().catch(fail);
export const page = {
  job: device.then(({ id }) => work(id)).catch(fail),
  pond: device.then(({ id }) => openPond(id)).catch(fail),
};
Object.assign(globalThis, { page });
