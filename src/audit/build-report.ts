import type { PlanHead } from '../domain/change.ts';
import type { Instant } from '../domain/clock.ts';
import { JoineryError } from '../domain/error.ts';
import type { Run } from '../domain/run.ts';
import { sentChangeKinds, type RunId } from '../domain/words.ts';
import type { EndFigure, Store } from '../store/contract.ts';
import { readDocument, readHandoff, type Documents } from '../store/run-files.ts';
import type { Masks } from './masks.ts';
import { readChanges } from './report-changes.ts';
import { groupRejections, titleOf } from './rejection-groups.ts';
import type { OutcomeRow, RunReport, TrendRow } from './run-report.ts';
import { groupTroubles } from './trouble-groups.ts';
import { endOf, type End } from './words.ts';

const trendRuns = 20;

/** The report of a run from the state alone. Errors: AUD-101 when there is no such run. */
export async function buildReport(store: Store, id: RunId, masks: Masks, at: Instant): Promise<RunReport> {
  const run = await store.runs.get(id);
  if (run === undefined) throw new JoineryError('AUD-101', `the state has no run ${id}`);
  const files = new Set(await store.files.list({ run: id }));
  const plan = await documentOf(store, files, id, 'plan.json');
  const extract = await documentOf(store, files, id, 'extract.json');
  const events = await documentOf(store, files, id, 'events.json');
  const figures = await store.figures.ends(id);
  const rejections = files.has('rejections.ndjson')
    ? await groupRejections(readHandoff(store, id, 'rejections.ndjson'), masks)
    : { groups: [], total: 0 };
  const troubles = await groupTroubles(store.figures.troubled(id), masks);
  const changes = await readChanges(store, id, files, masks, troubles.workers);
  return {
    run,
    writtenAt: at,
    masked: masks.masked,
    ...(plan === undefined ? {} : { plan }),
    guards: plan?.guards ?? [],
    ...(extract === undefined ? {} : { extract }),
    ...(events === undefined ? {} : { events }),
    outcomes: outcomeRows(figures, plan),
    operations: figures.reduce((sum, { operations }) => sum + operations, 0),
    batches: (await store.operations.batches(id)).length,
    calls: await store.figures.calls(id),
    attributes: changes.attributes,
    rejections: rejections.groups,
    rejected: rejections.total,
    standing: (await store.figures.standing(run, run.pipeline)).map((row) => ({ ...row, title: titleOf(row.code) })),
    troubles: troubles.groups,
    workers: changes.workers,
    workersTotal: changes.total,
    trend: await trendOf(store, run),
  };
}

async function documentOf<N extends keyof Documents>(
  store: Store,
  files: ReadonlySet<string>,
  run: RunId,
  name: N,
): Promise<Documents[N] | undefined> {
  return files.has(name) ? readDocument(store, run, name) : undefined;
}

function outcomeRows(figures: readonly EndFigure[], plan: PlanHead | undefined): OutcomeRow[] {
  return sentChangeKinds
    .map((change) => {
      const own = figures.filter((figure) => figure.change === change);
      return {
        change,
        planned: plan?.counts[change] ?? 0,
        ends: endsOf(own),
        operations: own.reduce((sum, { operations }) => sum + operations, 0),
      };
    })
    .filter(({ planned, operations }) => planned > 0 || operations > 0);
}

function endsOf(figures: readonly EndFigure[]): Partial<Record<End, number>> {
  const ends: Partial<Record<End, number>> = {};
  for (const { end, operations } of figures) ends[endOf(end)] = (ends[endOf(end)] ?? 0) + operations;
  return ends;
}

/** The runs before this one and itself, oldest first; abandoned runs changed nothing and are left out. */
async function trendOf(store: Store, run: Run): Promise<TrendRow[]> {
  const runs = (await store.runs.list(run.pipeline, trendRuns * 3))
    .filter(({ id, state, startedAt }) => id === run.id || (state !== 'abandoned' && startedAt <= run.startedAt))
    .slice(0, trendRuns);
  const rows: TrendRow[] = [];
  for (const { id, asOf, state, population } of runs.toReversed()) {
    const figures = await store.figures.ends(id);
    const files = new Set(await store.files.list({ run: id }));
    const plan = await documentOf(store, files, id, 'plan.json');
    rows.push({
      run: id,
      asOf,
      state,
      ...(population === undefined ? {} : { population }),
      operations: figures.reduce((sum, { operations }) => sum + operations, 0),
      ends: endsOf(figures),
      ...(plan === undefined ? {} : { rejections: plan.rejections.fresh + plan.rejections.standing + plan.rejections.keyless }),
    });
  }
  return rows;
}
