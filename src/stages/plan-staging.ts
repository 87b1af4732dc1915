import type { ChangeCounts } from '../domain/change.ts';
import type { Run } from '../domain/run.ts';
import { isDisable, sentChangeKinds } from '../domain/words.ts';
import { limitOf } from '../plan/guards.ts';
import { adoptionFile } from './adopt.ts';
import { brakeVerdict } from './brake.ts';
import { scopeOf, type StageContext } from './context.ts';
import { pauseFile } from './pause.ts';
import { acceptedStates } from './previous-pass.ts';

/** How far back runs are looked through. */
const recent = 100;

export interface StagingDecision {
  /** Why, in words; none: the plan goes at once. */
  readonly because: readonly string[];
  /** Operations of each stage but the last. */
  readonly sizes: readonly number[];
}

/**
 * Whether a plan goes in stages. What was never seen to work is tried on few first: a first load, other rules, another job, a baseline that nobody sent, and whatever
 * follows a load that went wrong. Stages that interrupted loads of the same mapping have passed since then are not passed again.
 */
export async function planStaging(context: StageContext, run: Run, counts: ChangeCounts, enabled: number): Promise<StagingDecision> {
  const { pipeline, store } = context;
  const { when, change, stages } = pipeline.load.staged;
  if (when === 'never') return { because: [], sizes: [] };
  const runs = await store.runs.list(pipeline.name, recent);
  const loaded = await store.runs.latest(pipeline.name, ['loaded', 'finished']);
  const since = runs.slice(0, runs.findIndex(({ id }) => id === loaded?.id) >>> 0);
  const because: string[] = when === 'always' ? ['load.staged.when is always'] : [];
  if (loaded === undefined) because.push('nothing of this pipeline was loaded to its end yet');
  else {
    const scope = scopeOf(pipeline);
    if (loaded.mappingId !== run.mappingId) because.push('the mapping is another one than in the last load');
    if (loaded.tenant !== scope.tenant || loaded.job !== scope.job) because.push('the job is another one than in the last load');
    const { failed } = brakeVerdict(await store.operations.tally(loaded.id), pipeline.load.pause);
    if (failed !== undefined) because.push(`of the last load, ${failed}`);
  }
  const marks = await Promise.all(since.map(({ id }) => store.files.list({ run: id })));
  if (marks.some((files) => files.includes(adoptionFile))) because.push('accounts were adopted since the last load');
  if (marks.some((files) => files.includes(pauseFile))) because.push('a load was paused since the last one that came to its end');
  const changed = sentChangeKinds.filter((kind) => !isDisable(kind)).reduce((sum, kind) => sum + counts[kind], 0);
  const limit = limitOf(change, enabled);
  if (changed > limit) because.push(`${String(changed)} changes are more than ${String(limit)}, for ${String(enabled)} enabled workers`);
  if (because.length === 0) return { because, sizes: [] };
  return { because, sizes: stagesLeft(stages, await provenBy(context, run, since)) };
}

/** Sizes of the stages whose operations were not yet seen to go well. */
function stagesLeft(sizes: readonly number[], proven: number): readonly number[] {
  let sum = 0;
  return sizes.filter((size) => (sum += size) > proven);
}

/** Good outcomes of loads with the present mapping and job, back to the last that went wrong. */
async function provenBy({ store, pipeline }: StageContext, run: Run, since: readonly Run[]): Promise<number> {
  let proven = 0;
  for (const older of since) {
    if (!acceptedStates.includes(older.state)) continue;
    if (older.mappingId !== run.mappingId || older.tenant !== run.tenant || older.job !== run.job) break;
    const outcomes: Record<string, number> = {};
    for (const { change, end, operations } of await store.figures.ends(older.id)) {
      if (!isDisable(change)) outcomes[end] = (outcomes[end] ?? 0) + operations;
    }
    const { known, bad, failed } = brakeVerdict(outcomes, pipeline.load.pause);
    if (failed !== undefined) break;
    proven += known - bad;
  }
  return proven;
}
