/** Blocks that a kernel wants to have on the device at once, beside those of the others. */
export interface Claim {
  readonly blocks: number;
  /** How many of them one multiprocessor has room for. */
  readonly perMultiprocessor: number;
  /** Whether it can't do with fewer. */
  readonly fixed: boolean;
}

/** How many blocks each gets; `most`: how many of them the device has room for, null when it is all. */
export interface Shares {
  readonly shares: readonly number[];
  readonly most: number | null;
}

/**
 * How many blocks each kernel is launched with, so that all of them run at once: a block that finds no room waits for one
 * that ends, and these don't. Where all can't have what they want, those that can do with fewer get a half of it, or a
 * quarter, and so on, one at least.
 */
export function shareMultiprocessors(claims: readonly Claim[], multiprocessors: number): Shares {
  for (let divisor = 1; ; divisor *= 2) {
    const shares = claims.map(({ blocks, fixed }) =>
      fixed ? blocks : Math.max(1, Math.floor(blocks / divisor)),
    );
    if (surelyFit(claims, shares, multiprocessors)) return { shares, most: null };
    if (claims.some(({ fixed }, i) => !fixed && (shares[i] as number) > 1)) continue;
    // It may go well even so, because the device has put them together; whether it did is seen when they start.
    const used = claims.reduce((sum, claim, i) => sum + partOf(claim, shares[i] as number), 0);
    const wanted = shares.reduce((sum, blocks) => sum + blocks, 0);
    const most = used <= multiprocessors ? null : Math.floor((wanted * multiprocessors) / used);
    return { shares, most };
  }
}

/** Multiprocessors that so many blocks fill. */
function partOf({ perMultiprocessor }: Claim, blocks: number): number {
  return blocks / perMultiprocessor;
}

/** Whether each block finds room wherever the device puts the others, in whatever order. */
function surelyFit(
  claims: readonly Claim[],
  shares: readonly number[],
  multiprocessors: number,
): boolean {
  const parts = claims.map((claim, i) => partOf(claim, shares[i] as number));
  const used = parts.reduce((sum, part) => sum + part, 0);
  const all = shares.reduce((sum, blocks) => sum + blocks, 0);
  return claims.every(({ perMultiprocessor: each }, i) => {
    const [own, part] = [shares[i] as number, parts[i] as number];
    // Either no multiprocessor is too full for one more, or enough of them have nothing of the others.
    const beside = multiprocessors * (each - 1) - (used - part) * each + 1;
    const alone = (multiprocessors - (all - own)) * each;
    return own <= Math.max(beside, alone) + 1e-9;
  });
}
