const wrap32 = (x: bigint): bigint => BigInt.asUintN(32, x);

/**
 * First word of Philox 4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC11) with
 * key (seed, "Ring") and counter (draw, 0, instance, 0).
 */
export function philox(seed: number, draw: number, instance: number): number {
  let [x0, x1, x2, x3] = [wrap32(BigInt(draw)), 0n, wrap32(BigInt(instance)), 0n];
  let [k0, k1] = [wrap32(BigInt(seed)), 0x52696e67n];
  for (let round = 0; round < 10; round++) {
    const a = 0xd2511f53n * x0;
    const b = 0xcd9e8d57n * x2;
    [x0, x1, x2, x3] = [(b >> 32n) ^ x1 ^ k0, wrap32(b), (a >> 32n) ^ x3 ^ k1, wrap32(a)];
    k0 = wrap32(k0 + 0x9e3779b9n);
    k1 = wrap32(k1 + 0xbb67ae85n);
  }
  return Number(x0);
}
