/** The candidate that a misspelt name most likely meant: at most two edits away, and the only one that near. */
export function nearest(name: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = 3;
  let isUnique = true;
  for (const candidate of candidates) {
    const distance = editDistance(name, candidate, bestDistance + 1);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
      isUnique = true;
    } else if (distance === bestDistance && candidate !== best) isUnique = false;
  }
  return isUnique && bestDistance > 0 && bestDistance < Math.max(2, name.length / 2) ? best : undefined;
}

/** The Levenshtein distance of two texts, or `limit` if it is not smaller. */
export function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min(change, (previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return Math.min(previous[b.length] ?? limit, limit);
}
