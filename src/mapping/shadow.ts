import { isDeepStrictEqual } from 'node:util';
import type { Instant } from '../domain/clock.ts';
import { JoineryError } from '../domain/error.ts';
import type { Row, RowGroup } from '../domain/row.ts';
import type { Verdict } from '../domain/verdict.ts';
import type { Mapping } from './contract.ts';
import type { MappingEdit } from './edit.ts';

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
    recipe: mapping.recipe,
    fingerprintLookups: (hashKey) => mapping.fingerprintLookups(hashKey),
    edit: (before, kept) => {
      const found = mapping.edit(before, kept);
      return found.kind === 'whole' ? found : { ...found, comesOutSame: sampled(found, mapping, every) };
    },
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

/** Of every n-th worker who is said to come out as before, the two whole verdicts are compared; where the reference engine has to be asked for them, he is not said to. */
function sampled(
  { comesOutSame, before }: Extract<MappingEdit, { readonly kind: 'part' }>,
  mapping: Mapping,
  every: number,
): (row: Row, asOf: Instant) => boolean {
  let seen = 0;
  return (row, asOf) => {
    if (!comesOutSame(row, asOf)) return false;
    if (seen++ % every !== 0 || row.key === undefined) return true;
    const group = { key: row.key, rows: [row], fingerprint: row.fingerprint };
    const [one, two] = [before(group, asOf), mapping.evaluate(group, asOf)];
    if (one instanceof Promise || two instanceof Promise) return false;
    // Nobody is spared who was rejected: what is not known of the earlier lookups may do that to him here.
    if (one.kind === 'rejected') return false;
    const parts = differingParts(one, two);
    if (parts.length === 0) return true;
    throw new JoineryError(
      'JSN-109',
      `worker ${row.key}: comes out by the edited mapping otherwise than was proved, in ${parts.join(', ')}`,
    );
  };
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
