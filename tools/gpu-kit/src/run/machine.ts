import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, release, totalmem } from 'node:os';
import { backend, simulatedBackend } from '@ringkernel/backend-cuda';
import { type Ended, findProgram, runCommand } from './command.ts';

/** On what the kit ran. */
export interface Machine {
  readonly date: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly kernel: string;
  readonly system: string;
  readonly node: string;
  /** The device's name, or why there is none. */
  readonly device: string;
  readonly driver: string;
  /** One line for each GPU, as nvidia-smi tells it. */
  readonly nvidiaSmi: readonly string[];
}

const fields =
  'name,uuid,driver_version,pcie.link.gen.current,pcie.link.width.current,clocks.max.sm';

export async function describeMachine(simulated: boolean): Promise<Machine> {
  const probe = await (simulated ? simulatedBackend : backend).probe();
  const device = probe.available ? probe.devices[0] : undefined;
  return {
    date: new Date().toISOString(),
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    system: systemName(),
    node: process.version,
    device: device?.name ?? `none: ${probe.available ? 'an empty list' : probe.reason}`,
    driver: device?.driver ?? 'none',
    nvidiaSmi: await askNvidiaSmi(),
  };
}

async function askNvidiaSmi(): Promise<readonly string[]> {
  const program = findProgram('nvidia-smi', ['/usr/local/nvidia/bin', '/usr/lib/wsl/lib']);
  if (program === null) return [];
  const args = [`--query-gpu=${fields}`, '--format=csv,noheader'];
  const ended: Ended = await runCommand(program, args, { cwd: '/', limitS: 60 });
  return ended.output.split('\n').filter((line) => line !== '');
}

function systemName(): string {
  try {
    const text = readFileSync('/etc/os-release', 'utf8');
    return /^PRETTY_NAME="?([^"\n]*)/m.exec(text)?.[1] ?? 'unknown';
  } catch {
    return 'unknown'; // small images have no such file
  }
}
