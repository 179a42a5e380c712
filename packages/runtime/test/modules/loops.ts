/** Something that a loop could want to import. */
export function standalone(): number {
  return 42;
}
