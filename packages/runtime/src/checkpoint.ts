import { type AnyDefinition, acceptsMessages, InvalidOptionError } from '@ringkernel/core';
import type { Kernel } from './kernel.ts';
import type { LaunchOptions } from './options.ts';

/** A kernel in a checkpoint. */
interface KernelCheckpoint {
  readonly definition: AnyDefinition;
  readonly options: LaunchOptions;
  readonly baseAddress: number;
  readonly active: boolean;
  /** One for each index; null is zeros, undefined nobody. */
  readonly states: readonly (Uint8Array | null | undefined)[];
}

/**
 * Kernels with the states of their instances, in memory, as `runtime.checkpoint()` found them. Another runtime can go on
 * from it: `runtime.restore(checkpoint)`.
 */
export class Checkpoint {
  readonly kernels: readonly KernelCheckpoint[];
  /** The first address that no kernel had. */
  readonly nextAddress: number;

  constructor(kernels: readonly KernelCheckpoint[], nextAddress: number) {
    this.kernels = kernels;
    this.nextAddress = nextAddress;
  }

  /** Ids of the kernels in it. */
  get kernelIds(): readonly string[] {
    return this.kernels.map(({ definition, options }) => options.id ?? definition.name);
  }
}

/** A kernel and how it was launched. */
export interface Launched {
  readonly kernel: Kernel;
  readonly options: LaunchOptions;
}

/** Each state is read between two handlers, at its own moment; kernels that end or have failed are left out. */
export async function takeCheckpoint(
  launched: readonly Launched[],
  nextAddress: number,
): Promise<Checkpoint> {
  const sound = launched.filter(({ kernel }) => acceptsMessages(kernel.state));
  const kernels = sound.map(async ({ kernel, options }) => ({
    definition: kernel.definition,
    options,
    baseAddress: kernel.settings.baseAddress,
    active: kernel.state === 'active',
    states: await statesOf(kernel),
  }));
  return new Checkpoint(await Promise.all(kernels), nextAddress);
}

async function statesOf(kernel: Kernel): Promise<KernelCheckpoint['states']> {
  const { instances, settings, definition } = kernel;
  const stateOf = async (index: number): Promise<Uint8Array | null | undefined> => {
    if (!instances.lives(index)) return undefined;
    // A host-only actor keeps what it has in its loop.
    if (definition.kind === 'host') return null;
    const bytes = await kernel.population.readBytes(index);
    // What a failed instance left behind is no state to start from.
    return instances.hasFailed(index) ? null : bytes;
  };
  return await Promise.all(Array.from({ length: settings.instances }, (_, i) => stateOf(i)));
}

/** The same instances live as then, with their states. The kernel has just been launched and is not active. */
export async function restoreStates(
  kernel: Kernel,
  states: KernelCheckpoint['states'],
): Promise<void> {
  const { instances, definition } = kernel;
  const restoreOne = async (bytes: Uint8Array | null | undefined, index: number): Promise<void> => {
    if (!instances.lives(index)) {
      if (bytes !== undefined) await kernel.population.spawnAt(index, bytes);
    } else if (bytes === undefined) await kernel.population.retire(index);
    else if (definition.kind !== 'host') await kernel.population.restartFrom(index, bytes);
  };
  await Promise.all(states.map(restoreOne));
}

/** Throws `InvalidOptionError`. */
export function checkCheckpoint(given: unknown): Checkpoint {
  if (given instanceof Checkpoint) return given;
  throw new InvalidOptionError('checkpoint', 'what runtime.checkpoint() returned', given);
}
