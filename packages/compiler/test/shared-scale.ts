/** A helper in a file of its own. */
export function scale(by: number): number {
  return (by * 3) >>> 0;
}
