/** What piscina's worker runs. */
export function addOne(value: number): number {
  return value + 1;
}
