import type { Change } from '../domain/change.ts';
import type { Instant } from '../domain/clock.ts';
import type { Run, RunState } from '../domain/run.ts';
import type { RunId } from '../domain/words.ts';
import {
  fingerprintFile,
  readDocument,
  rewriteHandoff,
  versionFile,
  writeDocument,
  type ErasedFiles,
  type PlanLine,
} from '../store/run-files.ts';
import { scopeOf, type StageContext } from './context.ts';

/** What a purge erases, or has erased: counts only. */
export interface PurgeReport {
  /** Rows read before this are erased, payloads and log rows of before that. */
  readonly rowsBefore: Instant;
  readonly payloadsBefore: Instant;
  readonly runs: readonly { readonly run: RunId; readonly files: readonly string[]; readonly operations: number }[];
  /** Workers whose confirmed payload is kept only as far as a rehire needs it. */
  readonly workers: number;
  readonly logRows: number;
}

/** Runs that may still be sent or are being sent keep everything, whatever their age. */
const underWay: readonly RunState[] = ['started', 'extracted', 'transformed', 'accepted', 'loaded'];
/** Enough for a run every few minutes over years. */
const allRuns = 1_000_000;

/** Hold rows as they were read, or what the mapping said of them; nothing reads them once the run has ended, but explain. */
const rowFiles = ['rows.ndjson', 'verdicts.ndjson', fingerprintFile, versionFile] as const;
/** Show values, masked: made anew from what is left. */
const reportFile = 'report.html';

/** What `purge` would do now. Reads only. */
export async function planPurge(context: Pick<StageContext, 'store' | 'pipeline' | 'clock'>): Promise<PurgeReport> {
  const { store, pipeline, clock } = context;
  const rowsBefore = clock.now() - pipeline.retention.rows;
  const payloadsBefore = clock.now() - pipeline.retention.payloads;
  const runs: PurgeReport['runs'][number][] = [];
  for (const run of await store.runs.list(pipeline.name, allRuns)) {
    const names = new Set(await store.files.list({ run: run.id }));
    const erased = names.has('erased.json') ? await readDocument(store, run.id, 'erased.json') : {};
    const [rows, payloads] = [isDue(context, run, rowsBefore), isDue(context, run, payloadsBefore)];
    const files = [
      ...(rows ? rowFiles.filter((name) => names.has(name)) : []),
      ...(payloads && erased.payloads === undefined
        ? ['plan.ndjson', 'changes.json', 'rejections.ndjson', reportFile].filter((name) => names.has(name))
        : []),
    ];
    const operations = payloads ? await store.erasure.countRun(run.id) : 0;
    if (files.length > 0 || operations > 0) runs.push({ run: run.id, files, operations });
  }
  const { entries, logRows } = await store.erasure.countSettled(scopeOf(pipeline), pipeline.name, payloadsBefore);
  return { rowsBefore, payloadsBefore, runs, workers: entries, logRows };
}

/** A plan may be applied for as long as it is good. */
function isDue({ pipeline, clock }: Pick<StageContext, 'pipeline' | 'clock'>, run: Run, before: Instant): boolean {
  const ended = run.finishedAt ?? run.startedAt;
  if (underWay.includes(run.state) || ended >= before) return false;
  return !['planned', 'stopped'].includes(run.state) || ended < clock.now() - pipeline.plan.maxAge;
}

/**
 * Erases what the pipeline's retention no longer allows to be kept: values go; hashes, counts, kinds of change and worker ids stay, so that every
 * figure of every report stays. Files first and the journal's line last: a purge that was interrupted is made whole by the next one.
 */
export async function purge(context: StageContext, by: string): Promise<PurgeReport> {
  const { store, pipeline, lease, clock } = context;
  const plan = await planPurge(context);
  for (const { run, files } of plan.runs) {
    const area = { run };
    const rows = files.filter((name) => rowFiles.some((one) => one === name));
    const payloads = files.length > rows.length;
    for (const name of [...rows, reportFile]) if (files.includes(name)) await store.files.remove(area, name);
    if (files.includes('plan.ndjson')) await rewriteHandoff(store, run, 'plan.ndjson', withoutValues);
    if (files.includes('rejections.ndjson'))
      await rewriteHandoff(store, run, 'rejections.ndjson', (rejection) => ({
        ...rejection,
        reasons: rejection.reasons.map(({ code, severity }) => ({ code, severity, message: '' })),
      }));
    if (files.includes('changes.json')) {
      const { changes, ...kept } = await readDocument(store, run, 'changes.json');
      await writeDocument(store, run, 'changes.json', { ...kept, changes: changes.map((one) => ({ ...one, differences: pathsOf(one) })) });
    }
    const names = await store.files.list(area);
    const before: ErasedFiles = names.includes('erased.json') ? await readDocument(store, run, 'erased.json') : {};
    const at = clock.now();
    await writeDocument(store, run, 'erased.json', {
      ...before,
      ...(rows.length > 0 ? { rows: at } : {}),
      ...(payloads ? { payloads: at } : {}),
    });
    await store.erasure.run(lease, { run, at });
  }
  const { entries, logRows } = await store.erasure.settled(lease, {
    scope: scopeOf(pipeline),
    before: plan.payloadsBefore,
    keep: pipeline.transform.attributes.filter(({ once }) => once).map(({ path }) => path),
    runs: plan.runs.length,
    by,
    at: clock.now(),
  });
  await store.erasure.compact();
  return { ...plan, workers: entries, logRows };
}

/** Kind of change, differences by attribute and hashes stay. */
export function withoutValues(line: PlanLine): PlanLine {
  return line.change === undefined ? line : { ...line, change: emptied(line.change) };
}

function emptied({ manager: _manager, ...change }: Change): Change {
  const { externalId, active } = change.payload;
  return {
    ...change,
    payload: { schemas: [], externalId, active },
    differences: pathsOf(change),
    warnings: change.warnings.map(({ code, severity }) => ({ code, severity, message: '' })),
  };
}

/** Differences without their values. */
export function pathsOf({ differences }: Pick<Change, 'differences'>): Change['differences'] {
  return differences.map(({ path, kind }) => ({ path, kind }));
}
