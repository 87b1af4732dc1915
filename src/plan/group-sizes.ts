import type { Json } from '../domain/canonical-json.ts';
import type { Change } from '../domain/change.ts';
import type { AttributePath } from '../domain/payload.ts';
import type { ExternalId } from '../domain/words.ts';
import type { GuardsDeclaration } from '../pipeline/pipeline.ts';
import { groupBefore, readMark, type GuardMark } from './guard-marks.ts';
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

/** Whose groups a plan tells, at most: the others are found in the ledger. */
const plannedAtMost = 20_000;

/** Workers of a plan who are enabled, with their groups: most of those who are enough for a group are in the plan already, and the ledger need not be read for them. */
export class PlannedMembers {
  readonly groups = new Map<ExternalId, string>();
  readonly #by: AttributePath | undefined;

  /** `by`: the attribute that makes the groups, if there are any. */
  constructor(by: AttributePath | undefined) {
    this.#by = by;
  }

  /** Only who is enabled for certain: a mover who stays on, and of whom it is known what he has. */
  add({ externalId, change, baseline, payload, differences }: Change): void {
    if (this.#by === undefined || this.groups.size >= plannedAtMost) return;
    if (change !== 'mover' || !payload.active || !/^(?:confirmed|sent):/.test(baseline)) return;
    if (differences.some(({ path }) => path === 'active')) return;
    const group = groupBefore(differences, payload, this.#by);
    if (group !== undefined) this.groups.set(externalId, group);
  }
}

/** Somebody who is enabled, and what he has in the attribute that makes the groups. */
export interface EnabledMember {
  readonly externalId: ExternalId;
  readonly member: Json | undefined;
}

/**
 * Enabled workers of the suspects: those whose groups the plan told, and of the others as many as it takes. Ends as soon as each has enough, long before a million are read; what is said of such
 * a group is less than it has, and the guard says nothing of it.
 */
export async function countGroups(
  enabled: AsyncIterable<readonly EnabledMember[]>,
  suspects: Suspects,
  planned: ReadonlyMap<ExternalId, string> = new Map(),
): Promise<ReadonlyMap<string, number>> {
  const sizes = new Map<string, number>([...suspects.keys()].map((group) => [group, 0]));
  let open = suspects.size;
  const count = (group: string): void => {
    const size = sizes.get(group);
    if (size === undefined) return;
    sizes.set(group, size + 1);
    if (size + 1 === suspects.get(group)) open--;
  };
  for (const group of planned.values()) count(group);
  if (open === 0) return sizes;
  for await (const chunk of enabled) {
    for (const { externalId, member } of chunk) {
      if ((typeof member === 'string' || typeof member === 'number') && !planned.has(externalId)) count(String(member));
    }
    if (open === 0) break;
  }
  return sizes;
}
