import { keyedHash } from '../domain/canonical-json.ts';
import type { LookupChange } from '../domain/event.ts';
import type { Row } from '../domain/row.ts';
import type { Run } from '../domain/run.ts';
import type { KeptLookups } from '../mapping/lookup-fingerprints.ts';
import type { MappingRecipe } from '../mapping/recipe.ts';
import { lookupsFile, recipeFile } from '../store/run-files.ts';
import { scopeOf, type StageContext } from './context.ts';

/** More standing rejections than this are not kept in memory: then everybody is evaluated. */
const mostRejected = 100_000;

/** `mapping.json`. A file of its own for the lookups: it may have megabytes, and every accepted run reads the recipe. */
interface KeptRecipe extends MappingRecipe {
  /** `lookups.json` was written with it. */
  readonly hasLookups?: boolean;
}

/** `lookups.json`. */
interface KeptRows {
  readonly version: 1;
  /** Keyed hash of the mapping's id: hashes that were made with the key of another state say nothing here. */
  readonly of: string;
  readonly lookups: KeptLookups;
}

/** Who need not be evaluated under an edited mapping, as far as that can be proved, and how it is told. */
export interface Spared {
  /** Told of a row that is as it was and all of its key. Counts those whom it spares. */
  readonly spares: ((row: Row) => boolean) | undefined;
  readonly touched: readonly string[];
  readonly lookups: readonly LookupChange[];
  /** Why everybody is evaluated. */
  readonly because?: string;
  readonly count: number;
}

/**
 * After an edit: who comes out as before. The state holds the recipe of the mapping of the last accepted whole pass; whoever it evaluated, and whose row and dates are as they were, has
 * that mapping's verdict in the ledger. Standing rejections are evaluated again, for people read their words; so is everybody where the ledger cannot name all of them.
 * @param accepted id of the mapping of the last accepted pass
 */
export async function spareUnaffected(context: StageContext, run: Run, accepted: string): Promise<Spared> {
  const { store, pipeline, mapping } = context;
  const everybody = (because: string): Spared => ({ spares: undefined, touched: [], lookups: [], because, count: 0 });
  const before = await readFile<KeptRecipe>(context, recipeFile);
  if (before?.id !== accepted) return everybody('the state does not hold the mapping before it');
  const rows = before.hasLookups === true ? await readFile<KeptRows>(context, lookupsFile) : undefined;
  const { hashKey } = store.identity;
  const edit = mapping.edit(
    before,
    rows?.of === keyedHash(hashKey, `lookups of ${accepted}`) ? { hashKey, before: rows.lookups } : undefined,
  );
  if (edit.kind === 'whole') return everybody(edit.because);
  const rejected = await store.ledger.standingRejections(scopeOf(pipeline), pipeline.name, mostRejected);
  if (rejected === undefined) return everybody('another pipeline of the job, or too many rejections');
  const again = new Set(rejected);
  const spared = {
    touched: edit.touched,
    lookups: edit.lookups,
    count: 0,
    spares: (row: Row): boolean => {
      if (row.key === undefined || again.has(row.key) || !edit.comesOutSame(row, run.asOf)) return false;
      spared.count++;
      return true;
    },
  };
  return spared;
}

/** With the fingerprints of an accepted whole pass: what they were made under. A crash in between leaves a recipe of another id, which nobody believes. */
export async function keepRecipe(context: StageContext): Promise<void> {
  const { store, pipeline, mapping } = context;
  const before = await readFile<KeptRecipe>(context, recipeFile);
  const hasLookups = Object.keys(mapping.recipe.lookups).length > 0;
  if (before?.id === mapping.id && (before.hasLookups === true || !hasLookups)) return;
  const area = { pipeline: pipeline.name };
  if (hasLookups) {
    const { hashKey } = store.identity;
    const rows: KeptRows = {
      version: 1,
      of: keyedHash(hashKey, `lookups of ${mapping.id}`),
      lookups: mapping.fingerprintLookups(hashKey),
    };
    await store.files.write(area, lookupsFile, [`${JSON.stringify(rows)}\n`]);
  } else await store.files.remove(area, lookupsFile);
  const recipe: KeptRecipe = { ...mapping.recipe, ...(hasLookups ? { hasLookups } : {}) };
  await store.files.write(area, recipeFile, [`${JSON.stringify(recipe)}\n`]);
}

/** What `keepRecipe` wrote, whole or not at all; of another version it is none. */
async function readFile<T extends KeptRecipe | KeptRows>({ store, pipeline }: StageContext, name: string): Promise<T | undefined> {
  const chunks = await store.files.read({ pipeline: pipeline.name }, name);
  if (chunks === undefined) return undefined;
  const pieces: Uint8Array[] = [];
  for await (const piece of chunks) pieces.push(piece);
  try {
    const found: T = JSON.parse(Buffer.concat(pieces).toString('utf8'));
    return typeof found === 'object' && found?.version === 1 ? found : undefined;
  } catch {
    return undefined;
  }
}
