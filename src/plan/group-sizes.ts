import type { Json } from '../domain/canonical-json.ts';
import type { GuardsDeclaration } from '../pipeline/pipeline.ts';
import { readMark, type GuardMark } from './guard-marks.ts';
import { limitOf, type SentBefore } from './guards.ts';

/** Groups by their value, and how many enabled workers are enough that the guard lets pass what changes in them. */
export type Suspects = ReadonlyMap<string, number>;

/** Groups of which so much changes that the guard could trip: in most runs none. */
export function suspectGroups(
  { changes: { groups }, week }: Pick<GuardsDeclaration, 'changes' | 'week'>,
  marks: ReadonlyMap<GuardMark, number>,
  before: ReadonlyMap<GuardMark, SentBefore>,
): Suspects {
  const suspects = new Map<string, number>();
  if (groups === undefined) return suspects;
  const { share, minimum } = groups;
  // Of the windows of the guard the one that is narrowest.
  const mayChange = (size: number): number => limitOf({ share, atLeast: 0 }, size) * Math.min(1, week);
  for (const [mark, count] of marks) {
    const group = readMark(mark)?.group;
    if (group === undefined) continue;
    const changed = count + (before.get(mark)?.week ?? 0);
    if (changed <= mayChange(minimum)) continue;
    let enough = share === 0 || week === 0 ? Number.POSITIVE_INFINITY : Math.ceil(changed / (share * Math.min(1, week)));
    while (mayChange(enough) < changed) enough++;
    suspects.set(group, Math.max(enough, suspects.get(group) ?? 0));
  }
  return suspects;
}

/**
 * Enabled workers of the suspects, from what all who are enabled have in the attribute that makes the groups. Ends as soon as each has enough, long before a million are read; what is said of such
 * a group is less than it has, and the guard says nothing of it.
 */
export async function countGroups(
  values: AsyncIterable<readonly (Json | undefined)[]>,
  suspects: Suspects,
): Promise<ReadonlyMap<string, number>> {
  const sizes = new Map<string, number>([...suspects.keys()].map((group) => [group, 0]));
  let open = suspects.size;
  if (open === 0) return sizes;
  for await (const chunk of values) {
    for (const value of chunk) {
      const group = typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
      const size = group === undefined ? undefined : sizes.get(group);
      if (group === undefined || size === undefined) continue;
      sizes.set(group, size + 1);
      if (size + 1 === suspects.get(group)) open--;
    }
    if (open === 0) break;
  }
  return sizes;
}
