/** The first version of PTX that knows a compute capability. */
const versions: readonly (readonly [capability: number, version: string])[] = [
  [120, '8.7'],
  [100, '8.6'],
  [90, '7.8'],
  [89, '7.8'],
  [86, '7.1'],
  [80, '7.0'],
  [75, '6.4'],
];

/** Compute capabilities for which PTX can be shipped. */
export const ptxArchitectures: readonly number[] = versions.map(([capability]) => capability);

/** The newest compute capability that the device has, of those above: what is compiled for it runs there. */
export function knownArchitecture(capability: number): number {
  return ptxArchitectures.find((one) => one <= capability) ?? capability;
}

/**
 * Compilers write the newest version that they know, which older drivers refuse. Nothing here needs more than 6.4, and a
 * driver that knows the device knows the version that brought it.
 */
export function forOlderDrivers(ptx: string, architecture: number): string {
  const [, version] = versions.find(([capability]) => capability <= architecture) ?? [];
  return ptx
    .replace(/^\.version .*$/m, (line) => (version === undefined ? line : `.version ${version}`))
    .replace(/^.*\.pragma "used_bytes_mask.*\n/gm, '');
}
