import { backend } from '@ringkernel/backend-webgpu';
import type { DeviceInfo } from '@ringkernel/runtime';
import type { Row } from './bench.ts';
import { batchRows } from './webgpu-batches.ts';
import { hopRows } from './webgpu-hops.ts';
import { manyRows } from './webgpu-many.ts';
import { tripRows } from './webgpu-trips.ts';

/** The GPU to measure: a real one before one in software. */
async function chooseDevice(): Promise<DeviceInfo | null> {
  const probe = await backend.probe();
  if (!probe.available) return null;
  return probe.devices.find(({ kind }) => kind === 'gpu') ?? probe.devices[0] ?? null;
}

const device = await chooseDevice();
if (process.argv.includes('--probe')) process.exit(device === null ? 1 : 0);
if (device === null) throw new Error('there is no WebGPU adapter');

const quick = process.argv.includes('--quick');
const rows: Row[] = [];
for (const cases of [tripRows, batchRows, hopRows, manyRows]) {
  rows.push(...(await cases(device.id, quick)));
}
console.log(JSON.stringify(rows.map((row) => ({ ...row, name: `${row.name} (${device.name})` }))));
process.exit(0);
