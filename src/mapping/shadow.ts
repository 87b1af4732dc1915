import { isDeepStrictEqual } from 'node:util';
import type { Instant } from '../domain/clock.ts';
import { JoineryError } from '../domain/error.ts';
import type { RowGroup } from '../domain/row.ts';
import type { Verdict } from '../domain/verdict.ts';
import type { Mapping } from './contract.ts';

/**
 * A mapping of which every n-th worker, beginning with the first, is evaluated again by `verifying`, which asks both engines for every formula. Errors:
 * JSN-109, naming the worker, when the engines disagree or the verdicts do; no verdict is given then. `verifying` is made when first needed.
 */
export function shadowMapping(mapping: Mapping, verifying: () => Mapping, every: number): Mapping {
  let made: Mapping | undefined;
  const shadow = (): Mapping => (made ??= verifying());
  let seen = 0;
  const compare = async (group: RowGroup, asOf: Instant): Promise<Verdict> => {
    const verdict = await mapping.evaluate(group, asOf);
    let again: Verdict;
    try {
      again = await shadow().evaluate(group, asOf);
    } catch (error) {
      if (!(error instanceof JoineryError && error.code === 'JSN-109')) throw error;
      throw new JoineryError('JSN-109', `worker ${group.key}: ${error.message}`, { cause: error });
    }
    const parts = differingParts(verdict, again);
    if (parts.length > 0) {
      throw new JoineryError(
        'JSN-109',
        `worker ${group.key}: the mapping as one unit and formula by formula differ in ${parts.join(', ')}`,
      );
    }
    return verdict;
  };
  return Object.freeze<Mapping>({
    id: mapping.id,
    readsClock: mapping.readsClock,
    columns: mapping.columns,
    stats: () => {
      const [one, two] = [mapping.stats(), made?.stats()];
      return {
        evaluations: one.evaluations + (two?.evaluations ?? 0),
        fallbacks: one.fallbacks + (two?.fallbacks ?? 0),
        verified: one.verified + (two?.verified ?? 0),
      };
    },
    evaluate: (group, asOf) => (seen++ % every === 0 ? compare(group, asOf) : mapping.evaluate(group, asOf)),
    explain: async (group, asOf, options) => {
      await compare(group, asOf);
      return mapping.explain(group, asOf, options);
    },
  });
}

/** What differs, by name and without values. Words of a reason may differ between the engines, its code and place may not. */
function differingParts(one: Verdict, two: Verdict): readonly string[] {
  if (one.kind !== two.kind) return [`the verdict (${one.kind}, ${two.kind})`];
  const parts: string[] = [];
  if (one.nextDate !== two.nextDate) parts.push('the date of the next look');
  if (one.protected !== two.protected) parts.push('the protection');
  if (one.kind === 'rejected' && two.kind === 'rejected') {
    const codes = (verdict: typeof one): readonly string[] => verdict.reasons.map(({ code, place }) => JSON.stringify([code, place]));
    if (one.saysInactive !== two.saysInactive || !isDeepStrictEqual(codes(one), codes(two))) parts.push('the reasons of the rejection');
  }
  if (one.kind === 'draft' && two.kind === 'draft') {
    const [left, right] = [one.draft, two.draft];
    const names = new Set([...Object.keys(left.payload), ...Object.keys(right.payload)]);
    for (const name of names) if (!isDeepStrictEqual(Reflect.get(left.payload, name), Reflect.get(right.payload, name))) parts.push(name);
    const rest = ['active', 'preHire', 'empty', 'once', 'manager', 'hash'] as const;
    if (parts.length === 0) for (const name of rest) if (!isDeepStrictEqual(left[name], right[name])) parts.push(name);
  }
  return parts;
}
