/** Levenshtein distance: how many letters to insert, remove or replace. */
export function editDistance(left: string, right: string): number {
  let previous = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let row = 1; row <= left.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= right.length; column += 1) {
      const replaced = (previous[column - 1] ?? 0) + (left[row - 1] === right[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[right.length] ?? 0;
}

/** Names longer than this are no typing mistakes of ours, and not worth the time. */
const longestName = 64;

/** The nearest known name within two mistakes (fewer for short names), or null. Letter case does not count. */
export function suggestName(name: string, known: readonly string[]): string | null {
  if (name.length > longestName) {
    return null;
  }
  const allowed = Math.min(2, Math.floor(name.length / 2));
  let best: { readonly name: string; readonly distance: number } | null = null;
  for (const candidate of known) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance <= allowed && (best === null || distance < best.distance)) {
      best = { name: candidate, distance };
    }
  }
  return best?.name ?? null;
}
