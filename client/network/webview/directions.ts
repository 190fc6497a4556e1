interface Point {
  readonly x: number;
  readonly y: number;
}

/**
 * Where an arrow key leads from a point: the index of the nearest other point on that side, where what lies straight
 * ahead counts as nearer than what lies aslant. Empty for other keys, and where nothing lies on that side.
 */
export function nextInDirection(key: string, from: Point, points: readonly Point[], own: number): readonly number[] {
  const direction = directions[key];
  if (!direction) return [];
  const candidates = points.flatMap(({ x, y }, index) => {
    const [dx, dy] = [x - from.x, y - from.y];
    const ahead = dx * direction.x + dy * direction.y;
    const aside = Math.abs(dx * direction.y + dy * direction.x);
    return index === own || ahead <= 1 || aside > 3 * ahead ? [] : [{ index, cost: ahead + 2 * aside }];
  });
  const [nearest] = candidates.sort((a, b) => a.cost - b.cost || a.index - b.index);
  return nearest ? [nearest.index] : [];
}

const directions: Readonly<Record<string, Point>> = {
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 },
};
