/** Sorts texts by their code units, which is the same everywhere, unlike what a locale makes of them. */
export function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
