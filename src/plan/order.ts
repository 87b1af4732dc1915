import { compareKeys } from '../domain/row.ts';
import type { ExternalId, SentChangeKind } from '../domain/words.ts';

/** What the order of sending depends on. */
export interface Sendable {
  readonly externalId: ExternalId;
  readonly change: SentChangeKind;
  readonly manager?: ExternalId;
}

/** Disables first, then whoever gets an account, then everybody else. */
const ranks: Readonly<Record<SentChangeKind, number>> = {
  leaver: 0,
  cancelled: 0,
  joiner: 1,
  'pre-hire': 1,
  enable: 1,
  rehire: 1,
  mover: 2,
};

/**
 * Order of sending. Within a rank managers come before their reports, as a hint only: the service documents no order, so correctness
 * never depends on it. Deterministic: ties by the key's UTF-8 bytes. A cycle of managers is cut where it is first met.
 */
export function orderForSending<T extends Sendable>(changes: readonly T[]): T[] {
  const depths = managerDepths(changes);
  return changes.toSorted(
    (left, right) =>
      ranks[left.change] - ranks[right.change] ||
      (depths.get(left.externalId) ?? 0) - (depths.get(right.externalId) ?? 0) ||
      compareKeys('bytes', left.externalId, right.externalId),
  );
}

/** How many managers above a worker are in the same plan; 0 for one whose manager is not. */
export function managerDepths(changes: readonly Sendable[]): ReadonlyMap<ExternalId, number> {
  const managers = new Map(changes.map((change) => [change.externalId, change.manager]));
  const depths = new Map<ExternalId, number>();
  for (const { externalId } of changes) {
    const path: ExternalId[] = [];
    const onPath = new Set<ExternalId>();
    let at: ExternalId | undefined = externalId;
    while (at !== undefined && managers.has(at) && !depths.has(at) && !onPath.has(at)) {
      path.push(at);
      onPath.add(at);
      at = managers.get(at);
    }
    // Above the path: a worker whose depth is known, one outside the plan, or (a cycle) one on the path itself.
    let depth = at === undefined ? -1 : (depths.get(at) ?? -1);
    for (const worker of path.toReversed()) depths.set(worker, ++depth);
  }
  return depths;
}

/** Circles of managers within one plan, each once, from its smallest id on; nobody stands in two. */
export function managerCircles(changes: readonly Pick<Sendable, 'externalId' | 'manager'>[]): ExternalId[][] {
  const managers = new Map(changes.map((change) => [change.externalId, change.manager]));
  const seen = new Set<ExternalId>();
  const circles: ExternalId[][] = [];
  for (const { externalId } of changes) {
    const path: ExternalId[] = [];
    let at: ExternalId | undefined = externalId;
    while (at !== undefined && managers.has(at) && !seen.has(at)) {
      seen.add(at);
      path.push(at);
      at = managers.get(at);
    }
    const start = at === undefined ? -1 : path.indexOf(at);
    if (start === -1) continue;
    const circle = path.slice(start);
    const smallest = circle.indexOf(circle.reduce((least, one) => (compareKeys('bytes', one, least) < 0 ? one : least)));
    circles.push([...circle.slice(smallest), ...circle.slice(0, smallest)]);
  }
  return circles;
}
