function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, change));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** `did you mean 'x'?` for the closest name within two edits, else the list of names. */
export function didYouMean(name: string, names: readonly string[], what: string): string {
  const scored = names.map((n) => ({ n, d: distance(name.toLowerCase(), n.toLowerCase()) }));
  const best = scored.filter(({ d }) => d <= 2).sort((a, b) => a.d - b.d)[0];
  if (best !== undefined) return `did you mean '${best.n}'?`;
  return names.length === 0 ? `there are no ${what}` : `${what}: ${names.join(', ')}`;
}
