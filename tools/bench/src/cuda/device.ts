import { backend, simulatedBackend } from '@ringkernel/backend-cuda';
import { createRuntime, type Runtime } from '@ringkernel/runtime';
import type { BenchOptions } from '../bench.ts';

/** A runtime on the GPU, or on the simulated device. */
export function openCuda(
  { simulated }: BenchOptions,
  backendOptions: Readonly<Record<string, unknown>> = {},
): Promise<Runtime> {
  return simulated
    ? createRuntime({ backend: simulatedBackend, device: 'cuda:simulated', backendOptions })
    : createRuntime({ backend, backendOptions });
}

/** Why there is no such device here, or null. */
export async function cudaMissing({ simulated }: BenchOptions): Promise<string | null> {
  const probe = await (simulated ? simulatedBackend : backend).probe();
  return probe.available ? null : probe.reason;
}
