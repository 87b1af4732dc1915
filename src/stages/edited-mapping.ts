import type { Row } from '../domain/row.ts';
import type { Run } from '../domain/run.ts';
import type { MappingRecipe } from '../mapping/recipe.ts';
import { recipeFile } from '../store/run-files.ts';
import { scopeOf, type StageContext } from './context.ts';

/** More standing rejections than this are not kept in memory: then everybody is evaluated. */
const mostRejected = 100_000;

/** Who need not be evaluated under an edited mapping, as far as that can be proved, and how it is told. */
export interface Spared {
  /** Told of a row that is as it was and all of its key. Counts those whom it spares. */
  readonly spares: ((row: Row) => boolean) | undefined;
  readonly touched: readonly string[];
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
  const everybody = (because: string): Spared => ({ spares: undefined, touched: [], because, count: 0 });
  const before = await readRecipe(context);
  if (before?.id !== accepted) return everybody('the state does not hold the mapping before it');
  const edit = mapping.edit(before);
  if (edit.kind === 'whole') return everybody(edit.because);
  const rejected = await store.ledger.standingRejections(scopeOf(pipeline), pipeline.name, mostRejected);
  if (rejected === undefined) return everybody('another pipeline of the job, or too many rejections');
  const again = new Set(rejected);
  const spared = {
    touched: edit.touched,
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
  if ((await readRecipe(context))?.id === mapping.id) return;
  await store.files.write({ pipeline: pipeline.name }, recipeFile, [`${JSON.stringify(mapping.recipe)}\n`]);
}

async function readRecipe({ store, pipeline }: StageContext): Promise<MappingRecipe | undefined> {
  const chunks = await store.files.read({ pipeline: pipeline.name }, recipeFile);
  if (chunks === undefined) return undefined;
  const pieces: Uint8Array[] = [];
  for await (const piece of chunks) pieces.push(piece);
  try {
    const found: unknown = JSON.parse(Buffer.concat(pieces).toString('utf8'));
    return isRecipe(found) ? found : undefined;
  } catch {
    return undefined;
  }
}

/** Written by `keepRecipe`, whole or not at all; of another version it is none. */
function isRecipe(found: unknown): found is MappingRecipe {
  return typeof found === 'object' && found !== null && Reflect.get(found, 'version') === 1;
}
