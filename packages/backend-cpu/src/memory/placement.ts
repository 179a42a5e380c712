/**
 * Which worker owns an instance: blocks of up to 64 neighbours go round the workers, smaller blocks when there are
 * few instances, so that a small kernel spreads too. The host computes it; workers get the table.
 */
export interface Placement {
  /** Instances of a block are `instance >>> shift`. */
  readonly shift: number;
  /** Thread (1 and up) of each block. */
  readonly owners: Uint8Array;
}

/** `first` is the worker of the first block; the device goes round with it from kernel to kernel. */
export function place(instances: number, workers: number, first: number): Placement {
  const spread = Math.floor(Math.log2(Math.max(1, instances / workers)));
  const shift = Math.min(6, spread);
  const blocks = ((instances - 1) >>> shift) + 1;
  const owners = new Uint8Array(blocks);
  for (let block = 0; block < blocks; block++) owners[block] = ((first + block) % workers) + 1;
  return { shift, owners };
}
