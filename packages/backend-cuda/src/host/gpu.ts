import { DeviceLimitError } from '@ringkernel/core';
import type { FoundDevice, FoundFunction } from '../native/addon.ts';
import { shareMultiprocessors } from './residency.ts';

/** A kernel that is to stay on a GPU. */
export interface Resident {
  readonly fn: FoundFunction;
  readonly workers: number;
  /** Workers of one of its blocks. */
  readonly workersOfBlock: number;
  /** Whether it needs all of its workers. */
  readonly fixed: boolean;
}

/** What of a kernel is launched. */
export interface Share {
  readonly blocks: number;
  readonly workers: number;
}

/** What has kernels on a GPU. */
export interface Occupant<R extends Resident = Resident> {
  /** Those to be started; none when it can't be any more. */
  readonly residents: readonly R[];
  /** Ends its kernels, with all state kept. */
  leave(): Promise<void>;
  /** So many workers will be started, one kernel after the other. */
  prepare(workers: number): void;
  start(resident: R, share: Share): void;
  /** Resolves when all that was started runs; rejects where some find no room. */
  started(): Promise<void>;
  /** Ends its kernels, of which some may not have begun. */
  leaveUnstarted(): Promise<void>;
  /** Its kernels could not come back. */
  fail(error: unknown): void;
}

/**
 * A GPU, and all that this thread has on it. What allocates or loads could hang as long as a kernel runs, whoever's it is:
 * so all of them leave before, and share the multiprocessors anew when they come back.
 */
export class Gpu {
  readonly #occupants = new Set<Occupant>();
  readonly #multiprocessors: number;
  #turn: Promise<unknown> = Promise.resolve();

  constructor({ multiprocessors }: Pick<FoundDevice, 'multiprocessors'>) {
    this.#multiprocessors = multiprocessors;
  }

  add(occupant: Occupant): void {
    this.#occupants.add(occupant);
  }

  delete(occupant: Occupant): void {
    this.#occupants.delete(occupant);
  }

  /**
   * Runs what needs that no kernel does; one such at a time. When the kernels can't return because of what it added, `undo`
   * takes that away, and the others return without it.
   */
  paused<T>(work: () => Promise<T>, undo?: () => void): Promise<T> {
    return this.turn(async () => {
      let result: T;
      try {
        for (const one of this.#occupants) await one.leave();
        result = await work();
      } catch (thrown) {
        await this.#return();
        throw thrown;
      }
      await this.#return(undo);
      return result;
    });
  }

  /** Runs this when no pause is under way, and before the next. */
  turn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {});
    return done;
  }

  async #return(undo?: () => void): Promise<void> {
    const waiting = [...this.#occupants].filter(({ residents }) => residents.length > 0);
    try {
      this.#startAll(waiting);
      for (const one of waiting) await one.started();
    } catch (thrown) {
      for (const one of waiting) await one.leaveUnstarted();
      if (undo === undefined) {
        for (const one of waiting) one.fail(thrown);
        throw thrown;
      }
      undo();
      await this.#return();
      throw thrown;
    }
  }

  #startAll(waiting: readonly Occupant[]): void {
    const all = waiting.flatMap((occupant) =>
      occupant.residents.map((resident) => ({ occupant, resident })),
    );
    // The largest local memory first: it is made larger only while nothing runs.
    all.sort((a, b) => b.resident.fn.localBytes - a.resident.fn.localBytes);
    const shares = this.#shares(all.map(({ resident }) => resident));
    for (const occupant of waiting) {
      const own = shares.filter((_, i) => all[i]?.occupant === occupant);
      occupant.prepare(own.reduce((sum, { workers }) => sum + workers, 0));
    }
    for (const [i, { occupant, resident }] of all.entries()) {
      occupant.start(resident, shares[i] as Share);
    }
  }

  #shares(residents: readonly Resident[]): readonly Share[] {
    const claims = residents.map(({ fn, workers, workersOfBlock, fixed }) => ({
      blocks: Math.ceil(workers / workersOfBlock),
      perMultiprocessor: fn.blocksPerMultiprocessor,
      fixed,
    }));
    const { shares, most } = shareMultiprocessors(claims, this.#multiprocessors);
    if (most !== null) {
      const [subject, hint] = ['Blocks of kernels on the device', 'launch fewer kernels on it'];
      const wanted = shares.reduce((sum, blocks) => sum + blocks, 0);
      throw new DeviceLimitError(subject, wanted, most, hint);
    }
    return residents.map(({ workers, workersOfBlock }, i) => {
      const blocks = shares[i] as number;
      return { blocks, workers: Math.min(workers, blocks * workersOfBlock) };
    });
  }
}

const gpus = new Map<string, Gpu>();

/** The GPU of this driver with this ordinal, as this thread sees it. */
export function gpuOf(libraries: readonly string[], device: FoundDevice): Gpu {
  const key = [...libraries, device.ordinal].join('\n');
  const found = gpus.get(key) ?? new Gpu(device);
  gpus.set(key, found);
  return found;
}
