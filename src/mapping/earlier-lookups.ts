import type { LookupChange } from '../domain/event.ts';
import type { LookupTable } from './lookup.ts';
import {
  compareLookup,
  isTooLarge,
  mostCells,
  type KeptLookups,
  type LookupDifference,
  type LookupFingerprints,
} from './lookup-fingerprints.ts';
import type { MappingRecipe } from './recipe.ts';
import { blurTable, unknownTable, watchTable, type Watch } from './watched-lookup.ts';

/** The lookups of an earlier mapping, as far as they are known: not their rows, only in what they were as the present ones are. */
export interface EarlierLookups {
  /** Under the names that they had then. */
  readonly tables: ReadonlyMap<string, LookupTable>;
  readonly watch: Watch;
  /** The same without watch; what is not known stands otherwise in them. */
  readonly blurred: ReadonlyMap<string, LookupTable>;
  /** Of lookups that are there before and now, with other contents. */
  readonly changes: ReadonlyMap<string, LookupChange>;
  /** Of those: why it is not known in what. */
  readonly unproved: ReadonlyMap<string, string>;
}

/** Fingerprints as they were kept, and the key that they were taken with. */
export interface EarlierFingerprints {
  readonly hashKey: Uint8Array;
  readonly before: KeptLookups;
}

/** `fingerprint`: takes those of a present lookup, which are asked for only where it is another one. */
export function earlierLookups(
  [before, now]: readonly [MappingRecipe, MappingRecipe],
  present: ReadonlyMap<string, LookupTable>,
  kept: EarlierFingerprints | undefined,
  fingerprint: (table: LookupTable, hashKey: Uint8Array) => LookupFingerprints,
): EarlierLookups {
  const watch: Watch = { raised: false };
  const tables = new Map<string, LookupTable>();
  const blurred = new Map<string, LookupTable>();
  const changes = new Map<string, LookupChange>();
  const unproved = new Map<string, string>();
  const nameByHash = new Map(Object.entries(now.lookups).map(([name, hash]) => [hash, name]));
  for (const [name, hash] of Object.entries(before.lookups)) {
    const table = present.get(name);
    if (table === undefined || now.lookups[name] === hash) {
      // There as it was, or under another name. One that has what another had is changed all the same: its formulas did not see that.
      const same = table ?? present.get(nameByHash.get(hash) ?? '');
      tables.set(name, same === undefined ? unknownTable(name, watch) : { ...same, name });
      blurred.set(name, { ...(same ?? { rows: {}, columns: [], hash: '' }), name });
      continue;
    }
    const difference = differenceOf(name, table, kept, fingerprint);
    if (typeof difference === 'string') unproved.set(name, difference);
    changes.set(name, typeof difference === 'string' ? { name, came: 0, went: 0, changed: 0, columns: [] } : changeOf(name, difference));
    tables.set(name, typeof difference === 'string' ? unknownTable(name, watch) : watchTable(table, difference, watch));
    blurred.set(name, typeof difference === 'string' ? table : blurTable(table, difference));
  }
  return { tables, watch, blurred, changes, unproved };
}

function differenceOf(
  name: string,
  table: LookupTable,
  kept: EarlierFingerprints | undefined,
  fingerprint: (table: LookupTable, hashKey: Uint8Array) => LookupFingerprints,
): LookupDifference | string {
  if (isTooLarge(table)) return `it has more than ${mostCells.toLocaleString('en')} cells`;
  const was = kept?.before[name];
  if (kept === undefined || was === undefined) return 'the state does not hold which rows it had';
  return compareLookup(was, fingerprint(table, kept.hashKey), table, kept.hashKey);
}

function changeOf(name: string, { came, changed, went }: LookupDifference): LookupChange {
  const columns = new Set([...changed.values()].flatMap((cells) => [...cells]));
  return { name, came: came.size, went, changed: changed.size, columns: [...columns].toSorted() };
}
