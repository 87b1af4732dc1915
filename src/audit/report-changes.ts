import { isDisable, type ExternalId, type RunId } from '../domain/words.ts';
import { toldDifferences } from '../scim/index.ts';
import type { Store, WorkerEnd } from '../store/contract.ts';
import { readDocument, readHandoff, type ChangeListing, type ListedChange } from '../store/run-files.ts';
import { shownDifference, type Masks } from './masks.ts';
import type { AttributeRow, WorkerRow } from './run-report.ts';
import { endOf, type End } from './words.ts';

/** How many workers one page lists: more would not open in a browser. Those with trouble come first; exports have them all. */
const listedWorkers = 1_000;
/** Changes up to which the whole plan is read, so that whoever has trouble stands there with old and new. */
const wholePlan = 2_000;

export interface ReportedChanges {
  readonly attributes: readonly AttributeRow[];
  readonly workers: readonly WorkerRow[];
  readonly total: number;
}

/**
 * What the plan changes, the most urgent workers first. Of a large plan only the summary is read that batch left: its figures are whole, and workers with
 * trouble who are not among its most urgent ones are listed without old and new.
 */
export async function readChanges(
  store: Store,
  run: RunId,
  files: ReadonlySet<string>,
  masks: Masks,
  troubled: ReadonlySet<ExternalId>,
): Promise<ReportedChanges> {
  const summary = files.has('changes.json') ? await readDocument(store, run, 'changes.json') : undefined;
  const isEnough = summary !== undefined && (summary.changes.length === summary.total || summary.total > wholePlan);
  const { attributes, changes, total } = isEnough ? summary : await readPlan(store, run, files);
  const ranked = rank(changes, troubled).slice(0, listedWorkers);
  const known = new Set(changes.map(({ externalId }) => externalId));
  const unlisted = [...troubled].filter((worker) => !known.has(worker)).slice(0, listedWorkers);
  const operations = await store.figures.ofWorkers(run, [...unlisted, ...ranked.map(({ externalId }) => externalId)]);
  const workers = ranked.map((change): WorkerRow => {
    const { externalId, change: kind, cause, waiting, failedBefore, held } = change;
    return {
      externalId,
      change: kind,
      cause,
      ends: (operations.get(externalId) ?? []).map(endOfOperation),
      waiting,
      failedBefore,
      ...(held === undefined ? {} : { held }),
      differences: toldDifferences(change.differences).map((difference) => ({
        path: difference.path,
        kind: difference.kind,
        ...shownDifference(difference, masks),
      })),
    };
  });
  const first = isEnough ? unlisted.flatMap((worker) => withoutPlan(worker, operations.get(worker) ?? [])) : [];
  return { attributes, workers: [...first, ...workers].slice(0, listedWorkers), total };
}

async function readPlan(store: Store, run: RunId, files: ReadonlySet<string>): Promise<ChangeListing> {
  const attributes = new Map<string, { set: number; changed: number; emptied: number }>();
  const changes: ListedChange[] = [];
  let total = 0;
  if (files.has('plan.ndjson')) {
    for await (const { change } of readHandoff(store, run, 'plan.ndjson')) {
      if (change === undefined || !(change.send || change.waiting || change.failedBefore || change.held !== undefined)) continue;
      total++;
      if (changes.length < wholePlan) changes.push(change);
      if (!change.send) continue;
      for (const { path, kind } of change.differences) {
        const row = attributes.get(path) ?? { set: 0, changed: 0, emptied: 0 };
        row[kind]++;
        attributes.set(path, row);
      }
    }
  }
  return { attributes: [...attributes].map(([path, row]) => ({ path, ...row })), total, changes };
}

/** Stable: within a rank the order of the plan. */
function rank(changes: readonly ListedChange[], troubled: ReadonlySet<ExternalId>): readonly ListedChange[] {
  const rankOf = ({ externalId, change, send }: ListedChange): number => {
    if (troubled.has(externalId)) return 0;
    if (isDisable(change)) return 1;
    if (!send) return 2;
    return change === 'mover' ? 3 : 4;
  };
  return changes.toSorted((left, right) => rankOf(left) - rankOf(right));
}

function withoutPlan(externalId: ExternalId, operations: readonly WorkerEnd[]): readonly WorkerRow[] {
  const change = operations.at(-1)?.change;
  if (change === undefined) return [];
  return [{ externalId, change, ends: operations.map(endOfOperation), waiting: false, failedBefore: false, differences: [] }];
}

function endOfOperation({ outcome, state }: WorkerEnd): End {
  if (outcome !== undefined) return endOf(outcome);
  if (state === 'sending' || state === 'sent' || state === 'unknown') return 'open';
  return endOf(state === 'planned' ? 'unsent' : state);
}
