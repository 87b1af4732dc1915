import type { Rejection } from '../domain/change.ts';
import type { Run } from '../domain/run.ts';
import type { RowGroup } from '../domain/row.ts';
import type { Verdict } from '../domain/verdict.ts';
import type { ExternalId } from '../domain/words.ts';
import type { Store } from '../store/contract.ts';
import { readHandoff, type ExtractItem, type Handoffs, type PlanLine } from '../store/run-files.ts';

/** What the files of one run hold about one worker. */
export interface WorkerFiles {
  readonly run: Run;
  readonly group?: RowGroup;
  readonly verdict?: Verdict;
  readonly vanished: boolean;
  readonly line?: PlanLine;
  readonly rejection?: Rejection;
}

/** Reads the files of a run that are still there; purged ones are like absent ones. */
export async function readWorkerFiles(store: Store, run: Run, worker: ExternalId): Promise<WorkerFiles> {
  const files = new Set(await store.files.list({ run: run.id }));
  const find = async <N extends keyof Handoffs, T>(name: N, pick: (item: Handoffs[N]) => T | undefined): Promise<T | undefined> => {
    if (!files.has(name)) return undefined;
    const id = JSON.stringify(worker);
    for await (const item of readHandoff(store, run.id, name, [`"externalId":${id}`, `"key":${id}`])) {
      const found = pick(item);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  const row = await find('rows.ndjson', (one) => (one.kind === 'keyless' || keyOf(one) !== worker ? undefined : one));
  // Everything else is made of the rows, which are the smallest of the files: who is not in them is in none.
  if (row === undefined && files.has('rows.ndjson')) return { run, vanished: false };
  const item = await find('verdicts.ndjson', (one) => {
    if (one.kind === 'verdict') return one.verdict.externalId === worker ? one : undefined;
    return one.kind === 'vanished' && one.externalId === worker ? one : undefined;
  });
  const line = await find('plan.ndjson', (one) => (one.externalId === worker ? one : undefined));
  const rejection = await find('rejections.ndjson', (one) => (one.externalId === worker ? one : undefined));
  return {
    run,
    vanished: item?.kind === 'vanished',
    ...(row?.kind === 'group' ? { group: row.group } : {}),
    ...(item?.kind === 'verdict' ? { verdict: item.verdict } : {}),
    ...(line === undefined ? {} : { line }),
    ...(rejection === undefined ? {} : { rejection }),
  };
}

function keyOf(item: Exclude<ExtractItem, { readonly kind: 'keyless' }>): ExternalId {
  return item.kind === 'group' ? item.group.key : item.externalId;
}

/** Did the run look at the worker at all? */
export function isAbout({ group, vanished, line, rejection, verdict }: WorkerFiles): boolean {
  return vanished || [group, verdict, line, rejection].some((one) => one !== undefined);
}
